export interface Lap {
  readonly name: string;
  readonly milliseconds: number;
}

/** Tells where the time of a command went; a lap lasts from the end of the one before. */
export function stopwatch(): { readonly laps: readonly Lap[]; readonly lap: (name: string) => void } {
  const laps: Lap[] = [];
  let last = performance.now();
  return {
    laps,
    lap: (name) => {
      const now = performance.now();
      laps.push({ name, milliseconds: Math.round(now - last) });
      last = now;
    },
  };
}
