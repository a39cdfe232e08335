/** Line icons on a 24 × 24 grid. */

const PATHS = {
  back: '<path d="M15 5l-7 7 7 7"/>',
  brush: '<path d="M4 20c3 .6 5.5-.3 6-3 .2-1.4-.8-2.6-2.2-2.6C5.5 14.4 6 17.5 4 20z"/><path d="M10.5 15.5L20 5.2a1.2 1.2 0 0 0-1.7-1.7L8.6 13.6"/>',
  eraser: '<path d="M8.5 20L3.8 15.3a1.5 1.5 0 0 1 0-2.1L12.7 4.3a1.5 1.5 0 0 1 2.1 0l4.9 4.9a1.5 1.5 0 0 1 0 2.1L11 20z"/><path d="M8.2 8.8l7 7M7 20h13"/>',
  undo: '<path d="M8 5L4 9l4 4"/><path d="M4 9h10a5.5 5.5 0 0 1 0 11h-4"/>',
  redo: '<path d="M16 5l4 4-4 4"/><path d="M20 9H10a5.5 5.5 0 0 0 0 11h4"/>',
  fit: '<path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/>',
  actual: '<path d="M5 8l2.5-2V18M16 8l2.5-2V18"/><path d="M12 9.5v.1M12 14.5v.1" stroke-width="2.5"/>',
  mask: '<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="3" fill="currentColor"/>',
  contour: '<path d="M6 7c3-4 10-3 12 1s1 9-4 11-10-1-10.5-5S4 9.7 6 7z" stroke-dasharray="3.5 2.6"/>',
  blink: '<circle cx="12" cy="12" r="8"/><path d="M12 4a8 8 0 0 1 0 16z" fill="currentColor"/>',
  contrast: '<circle cx="12" cy="12" r="4"/><path d="M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M5.3 18.7l2.1-2.1M16.6 7.4l2.1-2.1"/>',
  colour: '<path d="M12 3s6.5 6.6 6.5 11.2A6.5 6.5 0 0 1 12 20.7a6.5 6.5 0 0 1-6.5-6.5C5.5 9.6 12 3 12 3z"/>',
  place: '<rect x="4" y="4" width="16" height="16" rx="1" stroke-dasharray="3.6 2.4"/><path d="M12 9v6M9 12h6"/>',
  fold: '<rect x="3.5" y="4.5" width="17" height="15" rx="2"/><path d="M15 4.5v15"/>',
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGElement {
  const holder = document.createElement("div");
  holder.innerHTML = `<svg viewBox="0 0 24 24" width="20" height="20" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${PATHS[name]}</svg>`;
  return holder.firstElementChild as SVGElement;
}
