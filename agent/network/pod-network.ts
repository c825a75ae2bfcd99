/**
 * What `agent/pods` asks of the network: an address for a sandbox, and the files that name resolution needs.
 */

export interface SandboxRef {
  readonly podUID: string
  readonly namespace: string
  readonly name: string
  /** Process id of the sandbox's init on this host: its network namespace is /proc/PID/ns/net. */
  readonly pid: number
}

export interface PodAddresses {
  /** Primary first; one per family. */
  readonly podIPs: readonly string[]
}

export interface PodNetwork {
  /**
   * Gives the sandbox its interface and address. Idempotent: the same pod gets the same address back,
   * also after this process restarted.
   * Throws  Error with one clear line when no address is left or the kernel refuses.
   */
  setup(sandbox: SandboxRef): Promise<PodAddresses>
  /** Takes interface and address away again. Idempotent, works when the sandbox is long gone. */
  teardown(podUID: string): Promise<void>
  /** Pods that hold an interface or address here, running or not. */
  podUIDs(): Promise<readonly string[]>
  /** What the pod's resolv.conf says, given its dnsPolicy. */
  readonly clusterDNS: string
  readonly clusterDomain: string
}
