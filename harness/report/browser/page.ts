import { Picture } from './picture.ts';

/** Draws each picture when it comes into sight, once: a page with fifty of them opens as fast as one with none. */
function drawInSight(): void {
  const drawn: Picture[] = [];
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        drawn.push(new Picture(target as HTMLElement));
      }
    },
    { rootMargin: '200px' },
  );
  for (const charts of document.querySelectorAll('.experiment:has(.charts)')) observer.observe(charts);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    drawn.forEach((picture) => picture.redraw()),
  );
}

drawInSight();
