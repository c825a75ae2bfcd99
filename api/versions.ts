/**
 * The order of API versions: stable ones before betas before alphas, newer before older, anything else behind. Pure.
 * Source: k8s.io/apimachinery pkg/version/helpers.go CompareKubeAwareVersionStrings
 */
const VERSION = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/
const STAGES: readonly (string | undefined)[] = ['alpha', 'beta', undefined]

/** Negative when `left` comes later than `right` in discovery, as in `compareVersions('v1beta1', 'v1')`. */
export function compareVersions(left: string, right: string): number {
  const [ofLeft, ofRight] = [VERSION.exec(left), VERSION.exec(right)]
  if (ofLeft === null || ofRight === null) {
    if (ofLeft !== null) return 1
    if (ofRight !== null) return -1
    return left === right ? 0 : left < right ? 1 : -1
  }
  const [a, b] = [partsOf(ofLeft), partsOf(ofRight)]
  return a.stage - b.stage || a.major - b.major || a.minor - b.minor
}

const partsOf = ([, major, stage, minor]: RegExpExecArray) => ({
  stage: STAGES.indexOf(stage),
  major: Number(major),
  minor: Number(minor ?? 0),
})
