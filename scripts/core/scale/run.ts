/** {ms} By the clock, and of the processor, which a busy machine changes least. */
export interface Spent {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

/** What one simulation took. */
export interface Run {
  /** Borrowers; a third as many traders join them. */
  readonly accounts: number;
  readonly steps: number;
  /** Bringing everybody in, on both forks. */
  readonly funding: Spent;
  /** All steps of both arms. */
  readonly stepping: Spent;
  readonly peakMegabytes: number;
}

/** {ms} Of the processor. */
export function perAccountAndStep({ accounts, steps, stepping }: Run): number {
  return stepping.cpuMilliseconds / accounts / steps;
}
