/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Sums and differences in F_p for 8, 16, 24 and 120 limbs with adcx and adox.
 */
#include "harness/crypto/fp_int.h"

#if defined(__x86_64__)

_Static_assert(offsetof(struct fp, p) == 0 && offsetof(struct fp, not_p) == 960,
               "the assembly reads p at 0 and not_p at 960");

/* Sums and differences: one pass with two carry chains.
 *     a+b on CF, a+b+(R-1-p)+1 = a+b-p (+R) on OF: the latter if a chain
 * carries a-b = a+(R-1-b)+1 (-R) on CF, a-b+p on OF: the latter if CF did not
 * carry Both are written, then the right one is selected. */
__asm__(".macro FP_SELECT cond, n\n"
        "  .set i, 0\n"
        "  .rept \\n\n"
        "  movq i(%rdi), %rax\n"
        "  cmov\\cond\\()q i(%rsp), %rax\n"
        "  movq %rax, i(%rdi)\n"
        "  .set i, i+8\n"
        "  .endr\n"
        "  leaq 8*\\n(%rsp), %rsp\n"
        "  ret\n"
        ".endm\n"

        ".macro FP_BEGIN name, n\n"
        ".p2align 5\n"
        ".globl \\name\\()_\\n\n"
        ".hidden \\name\\()_\\n\n"
        ".type \\name\\()_\\n, @function\n"
        "\\name\\()_\\n:\n"
        "  leaq -8*\\n(%rsp), %rsp\n" /* t; lea keeps the flags */
        ".endm\n"

        /* void fp_add_adx_n(r, a, b, f) */
        ".macro FP_ADD n\n"
        "  FP_BEGIN fp_add_adx, \\n\n"
        "  movl $0x7fffffff, %eax\n"
        "  addl $1, %eax\n" /* CF = 0, OF = 1 */
        "  .set i, 0\n"
        "  .rept \\n\n"
        "  movq i(%rsi), %rax\n"
        "  adcx i(%rdx), %rax\n"
        "  movq %rax, i(%rsp)\n"
        "  adox 960+i(%rcx), %rax\n"
        "  movq %rax, i(%rdi)\n"
        "  .set i, i+8\n"
        "  .endr\n"
        "  setc %al\n"
        "  seto %dl\n"
        "  orb %al, %dl\n"
        "  FP_SELECT z, \\n\n"
        ".size fp_add_adx_\\n, .-fp_add_adx_\\n\n"
        ".endm\n"

        /* void fp_sub_adx_n(r, a, b, f) */
        ".macro FP_SUB n\n"
        "  FP_BEGIN fp_sub_adx, \\n\n"
        "  xorl %eax, %eax\n"
        "  stc\n" /* CF = 1, OF = 0 */
        "  .set i, 0\n"
        "  .rept \\n\n"
        "  movq i(%rdx), %rax\n"
        "  notq %rax\n" /* keeps the flags */
        "  adcx i(%rsi), %rax\n"
        "  movq %rax, i(%rsp)\n"
        "  adox i(%rcx), %rax\n"
        "  movq %rax, i(%rdi)\n"
        "  .set i, i+8\n"
        "  .endr\n"
        "  FP_SELECT c, \\n\n"
        ".size fp_sub_adx_\\n, .-fp_sub_adx_\\n\n"
        ".endm\n"
        "FP_ADD 8\nFP_ADD 16\nFP_ADD 24\nFP_ADD 120\n"
        "FP_SUB 8\nFP_SUB 16\nFP_SUB 24\nFP_SUB 120\n");

#endif
