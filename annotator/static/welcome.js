export default function ({ data, parentElement }) {
  const form = parentElement.querySelector("form");
  const name = form.querySelector("input");
  const button = form.querySelector("button");
  const problem = form.querySelector(".problem");

  const start = async (body) => {
    button.disabled = true;
    problem.textContent = "";
    try {
      const reply = await fetch("/api/session", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (reply.ok) {
        window.heirloomTabs.postMessage("came");
        window.location.reload();
        return;
      }
      problem.textContent = (await reply.json()).error;
    } catch {
      problem.textContent = "The app does not answer. See that it still runs, then try again.";
    }
    button.disabled = false;
  };

  form.onsubmit = (event) => {
    event.preventDefault();
    start({ name: name.value });
  };
  if (data.token) {
    form.querySelector("label").hidden = true;
    form.querySelector(".row").hidden = true;
    start({ token: data.token });
  } else {
    name.focus();
  }
}
