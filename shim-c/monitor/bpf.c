/* An interpreter of classic BPF, as far as the kernel accepts it for seccomp. */
#include "bpf.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>

#include "monitor.h"

#if defined(__x86_64__)
#define OWN_AUDIT AUDIT_ARCH_X86_64
#else
#define OWN_AUDIT AUDIT_ARCH_AARCH64
#endif

struct machine {
  uint32_t a;
  uint32_t x;
  uint32_t memory[BPF_MEMWORDS];
  struct seccomp_data data;
};

static uint32_t loaded(const struct machine *machine, const struct sock_filter *step) {
  uint32_t word = 0;
  switch (BPF_MODE(step->code)) {
    case BPF_IMM:
      return step->k;
    case BPF_LEN:
      return sizeof machine->data;
    case BPF_MEM:
      return machine->memory[step->k];
    default:
      memcpy(&word, (const char *)&machine->data + step->k, sizeof word);
      return word;
  }
}

static uint32_t calculated(uint32_t a, uint16_t code, uint32_t operand) {
  switch (BPF_OP(code)) {
    case BPF_ADD:
      return a + operand;
    case BPF_SUB:
      return a - operand;
    case BPF_MUL:
      return a * operand;
    case BPF_DIV:
      return operand ? a / operand : 0;
    case BPF_OR:
      return a | operand;
    case BPF_AND:
      return a & operand;
    case BPF_XOR:
      return a ^ operand;
    case BPF_LSH:
      return operand < 32 ? a << operand : 0;
    case BPF_RSH:
      return operand < 32 ? a >> operand : 0;
    default:
      return -a; /* BPF_NEG */
  }
}

static bool holds(uint32_t a, uint16_t code, uint32_t operand) {
  switch (BPF_OP(code)) {
    case BPF_JEQ:
      return a == operand;
    case BPF_JGT:
      return a > operand;
    case BPF_JGE:
      return a >= operand;
    default:
      return (a & operand) != 0; /* BPF_JSET */
  }
}

static uint32_t run(const struct sock_fprog *filter, struct machine *machine) {
  for (const struct sock_filter *step = filter->filter;; step++) {
    uint32_t operand = BPF_SRC(step->code) == BPF_X ? machine->x : step->k;
    switch (BPF_CLASS(step->code)) {
      case BPF_LD:
        machine->a = loaded(machine, step);
        break;
      case BPF_LDX:
        machine->x = loaded(machine, step);
        break;
      case BPF_ST:
        machine->memory[step->k] = machine->a;
        break;
      case BPF_STX:
        machine->memory[step->k] = machine->x;
        break;
      case BPF_ALU:
        machine->a = calculated(machine->a, step->code, operand);
        break;
      case BPF_JMP:
        if (BPF_OP(step->code) == BPF_JA)
          step += step->k;
        else
          step += holds(machine->a, step->code, operand) ? step->jt : step->jf;
        break;
      case BPF_RET:
        return BPF_RVAL(step->code) == BPF_A ? machine->a : step->k;
      default: /* BPF_MISC */
        if (BPF_MISCOP(step->code) == BPF_TAX)
          machine->x = machine->a;
        else
          machine->a = machine->x;
    }
  }
}

bool filter_allows(const struct sock_fprog *filter, const struct call *call) {
  struct machine machine = {.data = {.nr = call->number, .arch = OWN_AUDIT}};
  for (int i = 0; i < 6; i++) machine.data.args[i] = call->arguments[i];
  uint32_t action = run(filter, &machine) & SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}
