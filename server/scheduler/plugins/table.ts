/** All plugins, in the order they are asked: the first filter that refuses a node says why. */
import type { FilterPlugin, ScorePlugin } from '../framework.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { imageLocality } from './image-locality.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { ownerSpread } from './owner-spread.ts'
import { taintToleration } from './taint-toleration.ts'

export const FILTERS: readonly FilterPlugin[] = [
  nodeUnschedulable,
  nodeName,
  taintToleration,
  nodeAffinity,
  nodePorts,
  nodeResourcesFit,
]

export const SCORERS: readonly ScorePlugin[] = [
  taintToleration,
  nodeAffinity,
  nodeResourcesFit,
  ownerSpread,
  balancedAllocation,
  imageLocality,
]
