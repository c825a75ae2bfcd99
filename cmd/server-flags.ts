/** The flags of `kites server` and `kites agent`: k3s’ names, defaults and order where k3s has one. */
import type { FlagTable } from './flags.ts'

/** The last lines of `--help`. */
export const PRECEDENCE =
  'Flags count in this order: command line, [$ENVIRONMENT], config file (flag names as keys), default.'

export const COMMON_FLAGS = {
  config: {
    kind: 'string',
    short: 'c',
    env: 'KITES_CONFIG_FILE',
    default: '/etc/kites/config.yaml',
    value: 'FILE',
    help: 'load flags from FILE and FILE.d/*.yaml',
  },
  debug: { kind: 'boolean', env: 'KITES_DEBUG', help: 'log why, not only what' },
  'data-dir': {
    kind: 'string',
    short: 'd',
    env: 'KITES_DATA_DIR',
    default: '/var/lib/kites',
    value: 'DIR',
    help: 'folder that holds all state',
  },
  help: { kind: 'boolean', short: 'h', help: 'explain this command' },
} as const satisfies FlagTable

export const NODE_FLAGS = {
  'node-name': {
    kind: 'string',
    env: 'KITES_NODE_NAME',
    value: 'NAME',
    help: 'name of this node (default: the host’s name)',
  },
  'node-ip': {
    kind: 'list',
    short: 'i',
    env: 'KITES_NODE_IP',
    value: 'IP',
    help: 'addresses of this node (default: that of the default route)',
  },
  'node-label': { kind: 'list', value: 'K=V', help: 'labels for the node at its registration' },
  'node-taint': {
    kind: 'list',
    value: 'K=V:EFFECT',
    help: 'taints for the node at its registration',
  },
  'docker-socket': {
    kind: 'string',
    env: 'KITES_DOCKER_SOCKET',
    default: '/var/run/docker.sock',
    value: 'PATH',
    help: 'socket of the Docker Engine',
  },
} as const satisfies FlagTable

export const SERVER_FLAGS = {
  ...COMMON_FLAGS,
  'bind-address': { kind: 'string', default: '0.0.0.0', value: 'IP', help: 'address to listen on' },
  'https-listen-port': {
    kind: 'number',
    default: 6443,
    value: 'PORT',
    help: 'port of the API and of joining',
  },
  'advertise-address': {
    kind: 'string',
    value: 'IP',
    help: 'address that pods and agents reach this server by (default: node-ip)',
  },
  'advertise-port': {
    kind: 'number',
    value: 'PORT',
    help: 'port behind that address (default: https-listen-port)',
  },
  'tls-san': {
    kind: 'list',
    value: 'NAME',
    help: 'further names or addresses of this server in its certificate',
  },
  'cluster-cidr': {
    kind: 'string',
    default: '10.42.0.0/16',
    value: 'CIDR',
    help: 'addresses of pods',
  },
  'service-cidr': {
    kind: 'string',
    default: '10.43.0.0/16',
    value: 'CIDR',
    help: 'addresses of Services',
  },
  'service-node-port-range': {
    kind: 'string',
    default: '30000-32767',
    value: 'FROM-TO',
    help: 'ports of NodePort Services',
  },
  'cluster-dns': {
    kind: 'string',
    value: 'IP',
    help: 'address of the cluster DNS (default: the tenth of service-cidr)',
  },
  'cluster-domain': {
    kind: 'string',
    default: 'cluster.local',
    value: 'NAME',
    help: 'domain of the cluster DNS',
  },
  'disable-old-api-versions': {
    kind: 'boolean',
    help: 'hide API versions that Kubernetes dropped: some charts ask for them first',
  },
  'write-kubeconfig': {
    kind: 'string',
    short: 'o',
    env: 'KITES_KUBECONFIG_OUTPUT',
    default: '/etc/kites/kites.yaml',
    value: 'FILE',
    help: 'kubeconfig to write',
  },
  'write-kubeconfig-mode': {
    kind: 'string',
    env: 'KITES_KUBECONFIG_MODE',
    default: '0600',
    value: 'MODE',
    help: 'mode of that file',
  },
  token: {
    kind: 'string',
    short: 't',
    env: 'KITES_TOKEN',
    value: 'TOKEN',
    help: 'shared secret for joining (default: made at first start)',
  },
  'token-file': {
    kind: 'string',
    env: 'KITES_TOKEN_FILE',
    value: 'FILE',
    help: 'file that holds it',
  },
  'agent-token': {
    kind: 'string',
    env: 'KITES_AGENT_TOKEN',
    value: 'TOKEN',
    help: 'shared secret with which only agents can join',
  },
  'agent-token-file': {
    kind: 'string',
    env: 'KITES_AGENT_TOKEN_FILE',
    value: 'FILE',
    help: 'file that holds it',
  },
  'disable-agent': {
    kind: 'boolean',
    help: 'run no pods on this host; needs neither root nor Docker',
  },
  ...NODE_FLAGS,
} as const satisfies FlagTable

export const AGENT_FLAGS = {
  ...COMMON_FLAGS,
  server: {
    kind: 'string',
    short: 's',
    env: 'KITES_URL',
    value: 'URL',
    help: 'server to join, https://HOST:6443',
  },
  token: { kind: 'string', short: 't', env: 'KITES_TOKEN', value: 'TOKEN', help: 'its join token' },
  'token-file': {
    kind: 'string',
    env: 'KITES_TOKEN_FILE',
    value: 'FILE',
    help: 'file that holds the token',
  },
  ...NODE_FLAGS,
} as const satisfies FlagTable
