/** Pictures, decoded and ready to draw; those of the next tasks are fetched while one looks at this one. */

import { Refusal } from "./viewer-api.ts";

const KEPT = 12;

export class Pictures {
  private readonly loaded = new Map<string, Promise<HTMLImageElement>>();

  get(url: string): Promise<HTMLImageElement> {
    const known = this.loaded.get(url);
    this.loaded.delete(url);
    const picture = known ?? this.load(url);
    this.loaded.set(url, picture);
    for (const oldest of this.loaded.keys()) {
      if (this.loaded.size <= KEPT) break;
      this.loaded.delete(oldest);
    }
    return picture;
  }

  /** Fetch ahead. What fails now is tried again, and told, when it is needed. */
  prepare(urls: readonly string[]): void {
    for (const url of urls) void this.get(url).catch(() => undefined);
  }

  private async load(url: string): Promise<HTMLImageElement> {
    const picture = new Image();
    picture.src = url;
    try {
      await picture.decode();
    } catch {
      this.loaded.delete(url);
      throw new Refusal(`The picture at ${url} could not be loaded.`, 0);
    }
    return picture;
  }
}
