/** Pictures and masks, decoded and ready to draw; those of the next task are made ready while one looks at this one. */

import { Picture } from "./picture.ts";
import { Refusal } from "./refusal.ts";
import { type MaskPyramid, readMask } from "./viewer-mask.ts";

/** Two tasks' worth, the one in front and the next: a photo and its three results each. */
const KEPT = 8;

export class Pictures {
  private readonly pictures = new Shelf((bitmap) => new Picture(bitmap));
  private readonly masks = new Shelf((bitmap) => {
    const mask = readMask(bitmap);
    bitmap.close();
    return mask;
  });

  picture(url: string): Promise<Picture> {
    return this.pictures.get(url);
  }

  mask(url: string): Promise<MaskPyramid> {
    return this.masks.get(url);
  }

  /** Fetch ahead. What fails now is tried again, and told, when it is needed. */
  prepare(urls: readonly string[]): void {
    for (const url of urls) {
      const shelf = /\/mask(\?|$)/.test(url) ? this.masks : this.pictures;
      void shelf.get(url).catch(() => undefined);
    }
  }
}

/** Keeps what was asked for last. */
class Shelf<T> {
  private readonly loaded = new Map<string, Promise<T>>();

  constructor(private readonly make: (bitmap: ImageBitmap) => T) {}

  get(url: string): Promise<T> {
    const thing = this.loaded.get(url) ?? this.load(url);
    this.loaded.delete(url);
    this.loaded.set(url, thing);
    for (const oldest of this.loaded.keys()) {
      if (this.loaded.size <= KEPT) break;
      this.loaded.delete(oldest);
    }
    return thing;
  }

  private async load(url: string): Promise<T> {
    try {
      const response = await fetch(url, { credentials: "same-origin" });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return this.make(await createImageBitmap(await response.blob()));
    } catch (error) {
      this.loaded.delete(url);
      throw new Refusal(`A picture of this photo could not be loaded (${(error as Error).message}).`, 0);
    }
  }
}
