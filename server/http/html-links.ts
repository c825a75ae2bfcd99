/**
 * Links of an HTML page, rewritten: the addresses in attributes of tags, never what stands in scripts and comments. Pure.
 *
 * Source: k8s.io/apimachinery pkg/util/proxy/transport.go (which attributes of which tags)
 */

const LINKS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    a: ['href'],
    applet: ['codebase'],
    area: ['href'],
    audio: ['src'],
    base: ['href'],
    blockquote: ['cite'],
    body: ['background'],
    button: ['formaction'],
    command: ['icon'],
    del: ['cite'],
    embed: ['src'],
    form: ['action'],
    frame: ['longdesc', 'src'],
    head: ['profile'],
    html: ['manifest'],
    iframe: ['longdesc', 'src'],
    img: ['longdesc', 'src', 'usemap'],
    input: ['src', 'usemap', 'formaction'],
    ins: ['cite'],
    link: ['href'],
    object: ['classid', 'codebase', 'data', 'usemap'],
    q: ['cite'],
    script: ['src'],
    source: ['src'],
    video: ['poster', 'src'],
  }),
)

/**
 * Where a comment begins, or a start tag with its attributes; quoted values may hold anything. A name is whole: one that
 * could be cut anywhere would be tried at every length, and a page of one long name would take minutes.
 */
const PIECE = /<!--|<([a-z][a-z0-9]*)(?![a-z0-9])((?:"[^"]*"|'[^']*'|[^"'<>])*)>/gi
const ATTRIBUTE = /(\s([a-z]+)\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/gi
const SCRIPT_END = /<\/script/gi
const COMMENT_END = /-->/g

/** Everything but those addresses stays as it is, byte for byte. */
export function rewriteLinks(html: string, rewrite: (link: string) => string): string {
  const parts: string[] = []
  let copied = 0
  PIECE.lastIndex = 0
  for (let piece = PIECE.exec(html); piece !== null; piece = PIECE.exec(html)) {
    const [text, tag, attributes = ''] = piece
    const end = piece.index + text.length
    if (tag === undefined) {
      PIECE.lastIndex = behind(html, COMMENT_END, end)
      continue
    }
    const name = tag.toLowerCase()
    parts.push(html.slice(copied, piece.index))
    parts.push(`<${tag}${rewriteAttributes(attributes, LINKS.get(name) ?? [], rewrite)}>`)
    copied = end
    if (name === 'script') PIECE.lastIndex = behind(html, SCRIPT_END, end)
  }
  PIECE.lastIndex = 0
  parts.push(html.slice(copied))
  return parts.join('')
}

/** To the end of the page when there is none: nothing behind is looked at twice. */
function behind(html: string, end: RegExp, from: number): number {
  end.lastIndex = from
  return end.exec(html) === null ? html.length : end.lastIndex
}

function rewriteAttributes(
  attributes: string,
  names: readonly string[],
  rewrite: (link: string) => string,
): string {
  if (names.length === 0) return attributes
  return attributes.replaceAll(
    ATTRIBUTE,
    (
      text: string,
      start: string,
      name: string,
      double?: string,
      single?: string,
      bare?: string,
    ) => {
      if (!names.includes(name.toLowerCase())) return text
      const quote = double === undefined ? (single === undefined ? '' : "'") : '"'
      return `${start}${quote}${rewrite(double ?? single ?? bare ?? '')}${quote}`
    },
  )
}
