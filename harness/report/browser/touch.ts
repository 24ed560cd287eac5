const mouseOf = {
  pointerdown: 'mousedown',
  pointermove: 'mousemove',
  pointerup: 'mouseup',
  pointercancel: 'mouseup',
};

/** uPlot knows the mouse only; a finger that moves sideways becomes one, up and down scrolls the page as ever. */
export function dragByTouch(over: HTMLElement): void {
  for (const [pointer, mouse] of Object.entries(mouseOf))
    over.addEventListener(pointer, (event) => {
      const { pointerType, clientX, clientY } = event as PointerEvent;
      if (pointerType !== 'touch') return;
      // uPlot takes a move by nothing for one that Chrome made up.
      const moved = { clientX, clientY, movementX: 1 };
      over.dispatchEvent(new MouseEvent(mouse, { ...moved, bubbles: true, button: 0, buttons: 1 }));
    });
}
