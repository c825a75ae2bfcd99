/** Rows of a corpus of cases where the answers differ on purpose, and the reasons that more than one area has. Pure. */
import type { Asked } from '#test/support/answers.ts'

export const differing = (differs: string, asked: Asked): Asked => ({ ...asked, differs })

export const CONDITIONS = 'a new definition has no conditions: an empty list, not null'
export const EMPTY_LIST = 'an empty list is a list here, and null upstream'
export const GO_NAMES = 'Go prints its own names of fields where it shows a part of an object'
export const OLD_ANNOTATIONS = 'annotations of the time before there were fields are still read'
export const OTHER_DIFF = 'differences are told by path, not as a diff of the program’s own types'
export const TWICE = 'upstream looks at metadata several times, and tells of it as often'
