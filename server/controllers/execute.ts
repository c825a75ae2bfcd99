/** Runs planned actions through a table: an action without an executor does not compile. */

export type Executors<Action extends { readonly kind: string }> = {
  readonly [Kind in Action['kind']]: (
    action: Extract<Action, { readonly kind: Kind }>,
    signal: AbortSignal,
  ) => Promise<void>
}

/** Runs one action. The cast is the table's one seam: the row is chosen by the action's own kind. */
export function execute<Action extends { readonly kind: string }>(
  executors: Executors<Action>,
  action: Action,
  signal: AbortSignal,
): Promise<void> {
  const kind: Action['kind'] = action.kind
  const run = executors[kind] as unknown as (action: Action, signal: AbortSignal) => Promise<void>
  return run(action, signal)
}

/** Runs actions one after the other; the first that fails ends the pass. */
export async function executeAll<Action extends { readonly kind: string }>(
  executors: Executors<Action>,
  actions: readonly Action[],
  signal: AbortSignal,
): Promise<void> {
  for (const action of actions) await execute(executors, action, signal)
}
