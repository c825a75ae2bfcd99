/** Pods and templates of pods as rows of a corpus: sent for their answer alone, nothing is stored. Pure. */
import type { Asked } from '#test/support/answers.ts'

type Fields = Readonly<Record<string, unknown>>

export const container = (more: Fields = {}): Fields => ({ name: 'c', image: 'i', ...more })

const trial = (title: string, plural: string, body: Fields): Asked => ({
  title,
  method: 'POST',
  path: `/api/v1/namespaces/$NS/${plural}?dryRun=All`,
  body: { apiVersion: 'v1', ...body },
})

const withContainer = (spec: Fields): Fields => ({ containers: [container()], ...spec })

/** A pod with one container, unless the spec says otherwise; without any spec when there is none. */
export const pod = (title: string, spec?: Fields, metadata: Fields = {}): Asked =>
  trial(title, 'pods', {
    kind: 'Pod',
    metadata: { name: 'p', ...metadata },
    ...(spec === undefined ? {} : { spec: withContainer(spec) }),
  })

/** A pod whose container says more. */
export const one = (title: string, more: Fields, spec: Fields = {}): Asked =>
  pod(title, { containers: [container(more)], ...spec })

export const template = (title: string, spec?: Fields, metadata: Fields = {}): Asked =>
  trial(title, 'podtemplates', {
    kind: 'PodTemplate',
    metadata: { name: 'p' },
    template: { metadata, ...(spec === undefined ? {} : { spec: withContainer(spec) }) },
  })
