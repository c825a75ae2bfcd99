/**
 * Our own short descriptions of kinds and of the fields people ask `kubectl explain` about.
 * Keyed by file, struct and field; what is not here has none.
 */
export const DESCRIPTIONS: Readonly<Record<string, string>> = {}
