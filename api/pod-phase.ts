/** What follows from a pod's phase. Pure. */

/** Its containers have ended, and none of them starts again. */
export const isTerminalPhase = (phase: string | undefined): phase is 'Succeeded' | 'Failed' =>
  phase === 'Succeeded' || phase === 'Failed'
