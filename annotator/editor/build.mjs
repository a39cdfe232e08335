// Bundles every entry point that exists into ../static, or one source file for a test: node build.mjs SOURCE OUTFILE
import { existsSync } from "node:fs";
import { build } from "esbuild";

const [source, outfile] = process.argv.slice(2);
const common = { bundle: true, format: "esm", target: "es2022", loader: { ".css": "text" }, charset: "utf8", logLevel: "warning" };

if (source) {
  await build({ ...common, entryPoints: [source], outfile, platform: "neutral" });
} else {
  const entryPoints = ["src/editor.ts", "src/viewer.ts"].filter((path) => existsSync(path));
  await build({ ...common, entryPoints, outdir: "../static", minify: true, legalComments: "none" });
}
