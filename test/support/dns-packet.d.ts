/** The little of dns-packet that tests use, as an independent codec: the package has no types of its own. */
declare module 'dns-packet' {
  interface Message {
    readonly id?: number
    readonly type?: 'query' | 'response'
    readonly flags?: number
    readonly rcode?: string
    readonly questions?: readonly { readonly type: string; readonly name: string }[]
    readonly answers?: readonly ResourceRecord[]
    readonly authorities?: readonly ResourceRecord[]
    readonly additionals?: readonly object[]
  }
  interface ResourceRecord {
    readonly type: string
    readonly name: string
    readonly ttl?: number
    readonly data?: unknown
  }
  const packet: {
    readonly RECURSION_DESIRED: number
    readonly TRUNCATED_RESPONSE: number
    encode(message: Message): Buffer
    decode(message: Buffer): Message & { readonly flags: number; readonly rcode: string }
  }
  export default packet
}
