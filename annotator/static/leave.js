export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".leave");
  const button = root.querySelector("button");
  root.querySelector("b").textContent = data.name;
  button.onclick = async () => {
    button.disabled = true;
    const reply = await fetch("/api/session", { method: "DELETE" }).catch(() => undefined);
    if (!reply?.ok) {
      root.querySelector(".problem").textContent = "The app does not answer. See that it still runs, then try again.";
      button.disabled = false;
      return;
    }
    window.heirloomTabs.postMessage("left");
    if (data.signed_in) setTriggerValue("left", true);
    else window.location.assign("/");
  };
}
