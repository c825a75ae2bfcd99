/**
 * The sandbox's only process, as machine code: it blocks TERM, INT and CHLD, waits for them, reaps every
 * zombie on CHLD (the pod's processes are its children when they share its process namespace), and exits 0 on
 * TERM or INT. No handler, no memory but its stack, no compiler on the user's machine. Pure.
 *
 * Both programs are the same, line by line; the numbers are system calls of their architecture.
 */

export type Architecture = 'x64' | 'arm64'

/** One instruction: its bytes in hexadecimal as they lie in memory, and what they say. */
type Line = readonly [bytes: string, assembly: string]

const X64: readonly Line[] = [
  ['6802400100', 'push 0x14002             ; set = TERM(15) | INT(2) | CHLD(17), bit n-1 each'],
  ['4889e6', 'mov  rsi, rsp            ; &set'],
  ['31ff', 'xor  edi, edi            ; SIG_BLOCK'],
  ['31d2', 'xor  edx, edx            ; no old set'],
  ['6a08', 'push 8'],
  ['415a', 'pop  r10                 ; size of a set'],
  ['6a0e', 'push 14'],
  ['58', 'pop  rax                 ; rt_sigprocmask'],
  ['0f05', 'syscall'],
  ['4889e7', 'wait: mov rdi, rsp       ; &set'],
  ['31f6', 'xor  esi, esi            ; no siginfo'],
  ['31d2', 'xor  edx, edx            ; no time-out'],
  ['6a08', 'push 8'],
  ['415a', 'pop  r10'],
  ['b880000000', 'mov  eax, 128            ; rt_sigtimedwait, returns the signal'],
  ['0f05', 'syscall'],
  ['83f811', 'cmp  eax, 17'],
  ['7413', 'je   reap'],
  ['83f80f', 'cmp  eax, 15'],
  ['7405', 'je   quit'],
  ['83f802', 'cmp  eax, 2'],
  ['75df', 'jne  wait'],
  ['31ff', 'quit: xor edi, edi'],
  ['b8e7000000', 'mov  eax, 231            ; exit_group'],
  ['0f05', 'syscall'],
  ['4883cfff', 'reap: or rdi, -1         ; any child'],
  ['31f6', 'xor  esi, esi            ; no status'],
  ['6a01', 'push 1'],
  ['5a', 'pop  rdx                 ; WNOHANG'],
  ['4531d2', 'xor  r10d, r10d          ; no rusage'],
  ['6a3d', 'push 61'],
  ['58', 'pop  rax                 ; wait4'],
  ['0f05', 'syscall'],
  ['85c0', 'test eax, eax'],
  ['7feb', 'jg   reap                ; one reaped, perhaps there is another'],
  ['ebbf', 'jmp  wait'],
]

const ARM64: readonly Line[] = [
  ['490088d2', 'mov  x9, #0x4002'],
  ['2900a0f2', 'movk x9, #1, lsl #16     ; set = TERM | INT | CHLD'],
  ['e90f1ff8', 'str  x9, [sp, #-16]!'],
  ['000080d2', 'mov  x0, #0              ; SIG_BLOCK'],
  ['e1030091', 'mov  x1, sp              ; &set'],
  ['020080d2', 'mov  x2, #0'],
  ['030180d2', 'mov  x3, #8              ; size of a set'],
  ['e81080d2', 'mov  x8, #135            ; rt_sigprocmask'],
  ['010000d4', 'svc  #0'],
  ['e0030091', 'wait: mov x0, sp         ; &set'],
  ['010080d2', 'mov  x1, #0              ; no siginfo'],
  ['020080d2', 'mov  x2, #0              ; no time-out'],
  ['030180d2', 'mov  x3, #8'],
  ['281180d2', 'mov  x8, #137            ; rt_sigtimedwait, returns the signal'],
  ['010000d4', 'svc  #0'],
  ['1f440071', 'cmp  w0, #17'],
  ['00010054', 'b.eq reap'],
  ['1f3c0071', 'cmp  w0, #15'],
  ['60000054', 'b.eq quit'],
  ['1f080071', 'cmp  w0, #2'],
  ['a1feff54', 'b.ne wait'],
  ['000080d2', 'quit: mov x0, #0'],
  ['c80b80d2', 'mov  x8, #94             ; exit_group'],
  ['010000d4', 'svc  #0'],
  ['00008092', 'reap: mov x0, #-1        ; any child'],
  ['010080d2', 'mov  x1, #0              ; no status'],
  ['220080d2', 'mov  x2, #1              ; WNOHANG'],
  ['030080d2', 'mov  x3, #0              ; no rusage'],
  ['882080d2', 'mov  x8, #260            ; wait4'],
  ['010000d4', 'svc  #0'],
  ['1f000071', 'cmp  w0, #0'],
  ['2cffff54', 'b.gt reap                ; one reaped, perhaps there is another'],
  ['e9ffff17', 'b    wait'],
]

const PROGRAMS: Readonly<Record<Architecture, readonly Line[]>> = { x64: X64, arm64: ARM64 }

export const machineCode = (architecture: Architecture): Buffer =>
  Buffer.from(PROGRAMS[architecture].map(([bytes]) => bytes).join(''), 'hex')
