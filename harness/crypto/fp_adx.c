/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright The Latchkey Authors */
/* Products of F_p for 8, 16 and 24 limbs with mulx, adcx and adox. */
#include "harness/crypto/fp_int.h"

#if defined(__x86_64__)

_Static_assert(offsetof(struct fp, p) == 0, "the assembly reads p at 0");
_Static_assert(offsetof(struct fp, n0) == 960, "the assembly reads n0 at 960");

/* The row: with acc of 8 limbs in registers (r0 lowest), a multiplier in rdx, 8
 * limbs at src and one limb of memory,
 *     acc*1 + limb + rdx*src  <=  2^576 - 1,
 * so the sum fits 9 limbs. The lowest leaves, the other eight are the next acc:
 * the registers rotate by one, and eight rows bring them back. The low halves
 * ride on CF (adcx), the high halves and the limb on OF (adox).
 *
 * Product of n = 8k limbs: for each 8 limbs of b, all n rows of a; t += there.
 * Reduction: 8 limbs of t at a time; m_i = acc_0 * n0 makes acc_0 vanish. */
__asm__(
    ".text\n"
    ".macro FP_ROW src, in, out, r0, r1, r2, r3, r4, r5, r6, r7\n"
    "  xorl %eax, %eax\n" /* CF = OF = 0 */
    "  mulx 0(\\src), %rax, %rbx\n"
    "  adcx %rax, \\r0\n"
    "  .ifnb \\in\n"
    "  adox \\in, \\r0\n"
    "  .endif\n"
    "  .ifnb \\out\n"
    "  movq \\r0, \\out\n"
    "  .endif\n"
    "  adox %rbx, \\r1\n"
    "  mulx 8(\\src), %rax, %rbx\n"
    "  adcx %rax, \\r1\n"
    "  adox %rbx, \\r2\n"
    "  mulx 16(\\src), %rax, %rbx\n"
    "  adcx %rax, \\r2\n"
    "  adox %rbx, \\r3\n"
    "  mulx 24(\\src), %rax, %rbx\n"
    "  adcx %rax, \\r3\n"
    "  adox %rbx, \\r4\n"
    "  mulx 32(\\src), %rax, %rbx\n"
    "  adcx %rax, \\r4\n"
    "  adox %rbx, \\r5\n"
    "  mulx 40(\\src), %rax, %rbx\n"
    "  adcx %rax, \\r5\n"
    "  adox %rbx, \\r6\n"
    "  mulx 48(\\src), %rax, %rbx\n"
    "  adcx %rax, \\r6\n"
    "  adox %rbx, \\r7\n"
    "  mulx 56(\\src), %rax, \\r0\n"
    "  adcx %rax, \\r7\n"
    "  movl $0, %eax\n" /* mov keeps the flags */
    "  adox %rax, \\r0\n"
    "  adcx %rax, \\r0\n"
    ".endm\n"

    /* m = r0 * n0, kept at \m for the other columns of p */
    ".macro FP_MROW m, r0, r1, r2, r3, r4, r5, r6, r7\n"
    "  movq 960(%rcx), %rdx\n"
    "  imulq \\r0, %rdx\n"
    "  movq %rdx, \\m\n"
    "  FP_ROW %rcx, , , \\r0,\\r1,\\r2,\\r3,\\r4,\\r5,\\r6,\\r7\n"
    ".endm\n"

    /* eight rows: multipliers at (rsi), limbs at (rbp), memory at (rdi) */
    ".macro FP_ROWS_OUT\n"
    "  movq 0(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 0(%rdi), %r8,%r9,%r10,%r11,%r12,%r13,%r14,%r15\n"
    "  movq 8(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 8(%rdi), %r9,%r10,%r11,%r12,%r13,%r14,%r15,%r8\n"
    "  movq 16(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 16(%rdi), %r10,%r11,%r12,%r13,%r14,%r15,%r8,%r9\n"
    "  movq 24(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 24(%rdi), %r11,%r12,%r13,%r14,%r15,%r8,%r9,%r10\n"
    "  movq 32(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 32(%rdi), %r12,%r13,%r14,%r15,%r8,%r9,%r10,%r11\n"
    "  movq 40(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 40(%rdi), %r13,%r14,%r15,%r8,%r9,%r10,%r11,%r12\n"
    "  movq 48(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 48(%rdi), %r14,%r15,%r8,%r9,%r10,%r11,%r12,%r13\n"
    "  movq 56(%rsi), %rdx\n"
    "  FP_ROW %rbp, , 56(%rdi), %r15,%r8,%r9,%r10,%r11,%r12,%r13,%r14\n"
    ".endm\n"

    ".macro FP_ROWS_ADD\n"
    "  movq 0(%rsi), %rdx\n"
    "  FP_ROW %rbp, 0(%rdi), 0(%rdi), "
    "%r8,%r9,%r10,%r11,%r12,%r13,%r14,%r15\n"
    "  movq 8(%rsi), %rdx\n"
    "  FP_ROW %rbp, 8(%rdi), 8(%rdi), "
    "%r9,%r10,%r11,%r12,%r13,%r14,%r15,%r8\n"
    "  movq 16(%rsi), %rdx\n"
    "  FP_ROW %rbp, 16(%rdi), 16(%rdi), "
    "%r10,%r11,%r12,%r13,%r14,%r15,%r8,%r9\n"
    "  movq 24(%rsi), %rdx\n"
    "  FP_ROW %rbp, 24(%rdi), 24(%rdi), "
    "%r11,%r12,%r13,%r14,%r15,%r8,%r9,%r10\n"
    "  movq 32(%rsi), %rdx\n"
    "  FP_ROW %rbp, 32(%rdi), 32(%rdi), "
    "%r12,%r13,%r14,%r15,%r8,%r9,%r10,%r11\n"
    "  movq 40(%rsi), %rdx\n"
    "  FP_ROW %rbp, 40(%rdi), 40(%rdi), "
    "%r13,%r14,%r15,%r8,%r9,%r10,%r11,%r12\n"
    "  movq 48(%rsi), %rdx\n"
    "  FP_ROW %rbp, 48(%rdi), 48(%rdi), "
    "%r14,%r15,%r8,%r9,%r10,%r11,%r12,%r13\n"
    "  movq 56(%rsi), %rdx\n"
    "  FP_ROW %rbp, 56(%rdi), 56(%rdi), "
    "%r15,%r8,%r9,%r10,%r11,%r12,%r13,%r14\n"
    ".endm\n"

    ".macro FP_MROWS m\n"
    "  FP_MROW \\m+0(%rsp), %r8,%r9,%r10,%r11,%r12,%r13,%r14,%r15\n"
    "  FP_MROW \\m+8(%rsp), %r9,%r10,%r11,%r12,%r13,%r14,%r15,%r8\n"
    "  FP_MROW \\m+16(%rsp), %r10,%r11,%r12,%r13,%r14,%r15,%r8,%r9\n"
    "  FP_MROW \\m+24(%rsp), %r11,%r12,%r13,%r14,%r15,%r8,%r9,%r10\n"
    "  FP_MROW \\m+32(%rsp), %r12,%r13,%r14,%r15,%r8,%r9,%r10,%r11\n"
    "  FP_MROW \\m+40(%rsp), %r13,%r14,%r15,%r8,%r9,%r10,%r11,%r12\n"
    "  FP_MROW \\m+48(%rsp), %r14,%r15,%r8,%r9,%r10,%r11,%r12,%r13\n"
    "  FP_MROW \\m+56(%rsp), %r15,%r8,%r9,%r10,%r11,%r12,%r13,%r14\n"
    ".endm\n"

    ".macro FP_ZERO\n"
    "  xorl %r8d, %r8d\n  xorl %r9d, %r9d\n"
    "  xorl %r10d, %r10d\n  xorl %r11d, %r11d\n"
    "  xorl %r12d, %r12d\n  xorl %r13d, %r13d\n"
    "  xorl %r14d, %r14d\n  xorl %r15d, %r15d\n"
    ".endm\n"

    ".macro FP_STORE\n"
    "  movq %r8, 0(%rdi)\n  movq %r9, 8(%rdi)\n"
    "  movq %r10, 16(%rdi)\n  movq %r11, 24(%rdi)\n"
    "  movq %r12, 32(%rdi)\n  movq %r13, 40(%rdi)\n"
    "  movq %r14, 48(%rdi)\n  movq %r15, 56(%rdi)\n"
    ".endm\n"

    ".macro FP_LOAD\n"
    "  movq 0(%rdi), %r8\n  movq 8(%rdi), %r9\n"
    "  movq 16(%rdi), %r10\n  movq 24(%rdi), %r11\n"
    "  movq 32(%rdi), %r12\n  movq 40(%rdi), %r13\n"
    "  movq 48(%rdi), %r14\n  movq 56(%rdi), %r15\n"
    ".endm\n"

    /* Frame: t (2n limbs) at 0, m (8 limbs), r, carry, counters. */
    ".macro FP_ENTER n\n"
    "  pushq %rbx\n  pushq %rbp\n  pushq %r12\n"
    "  pushq %r13\n  pushq %r14\n  pushq %r15\n"
    "  subq $(16*\\n+120), %rsp\n"
    "  movq %rdi, 16*\\n+64(%rsp)\n"
    ".endm\n"

    ".macro FP_LEAVE n\n"
    "  addq $(16*\\n+120), %rsp\n"
    "  popq %r15\n  popq %r14\n  popq %r13\n"
    "  popq %r12\n  popq %rbp\n  popq %rbx\n"
    "  ret\n"
    ".endm\n"

    /* t = a * b: rsi = a, rbp = b */
    ".macro FP_PRODUCT n\n"
    "  movq %rsp, %rdi\n"
    "  FP_ZERO\n"
    "  .if \\n > 8\n"
    "  movl $(\\n/8), 16*\\n+80(%rsp)\n"
    "  .endif\n"
    "1:\n"
    "  FP_ROWS_OUT\n"
    "  addq $64, %rdi\n"
    "  .if \\n > 8\n"
    "  addq $64, %rsi\n"
    "  decl 16*\\n+80(%rsp)\n"
    "  jnz 1b\n"
    "  .endif\n"
    "  FP_STORE\n"
    "  .if \\n > 8\n"
    "  movl $(\\n/8-1), 16*\\n+88(%rsp)\n"
    "2:\n"
    "  subq $(8*\\n), %rsi\n"
    "  subq $(8*\\n-64), %rdi\n"
    "  addq $64, %rbp\n"
    "  movl $(\\n/8), 16*\\n+80(%rsp)\n"
    "  FP_ZERO\n"
    "3:\n"
    "  FP_ROWS_ADD\n"
    "  addq $64, %rdi\n"
    "  addq $64, %rsi\n"
    "  decl 16*\\n+80(%rsp)\n"
    "  jnz 3b\n"
    "  FP_STORE\n"
    "  decl 16*\\n+88(%rsp)\n"
    "  jnz 2b\n"
    "  .endif\n"
    ".endm\n"

    /* r = t / R mod p: rcx = f */
    ".macro FP_REDUCE n\n"
    "  movq %rsp, %rdi\n"
    "  movq $0, 16*\\n+72(%rsp)\n" /* carry */
    "  .if \\n > 8\n"
    "  movl $(\\n/8), 16*\\n+88(%rsp)\n"
    "  .endif\n"
    "4:\n"
    "  FP_LOAD\n"
    "  FP_MROWS 16*\\n\n"
    "  addq $64, %rdi\n"
    "  .if \\n > 8\n"
    "  leaq 16*\\n(%rsp), %rsi\n"
    "  movl $(\\n/8-1), 16*\\n+80(%rsp)\n"
    "  leaq 64(%rcx), %rbp\n"
    "5:\n"
    "  FP_ROWS_ADD\n"
    "  addq $64, %rdi\n"
    "  addq $64, %rbp\n"
    "  decl 16*\\n+80(%rsp)\n"
    "  jnz 5b\n"
    "  .endif\n"
    "  xorl %eax, %eax\n"
    "  subq 16*\\n+72(%rsp), %rax\n" /* CF = carry */
    "  adcq 0(%rdi), %r8\n  adcq 8(%rdi), %r9\n"
    "  adcq 16(%rdi), %r10\n  adcq 24(%rdi), %r11\n"
    "  adcq 32(%rdi), %r12\n  adcq 40(%rdi), %r13\n"
    "  adcq 48(%rdi), %r14\n  adcq 56(%rdi), %r15\n"
    "  setc %al\n"
    "  movzbl %al, %eax\n"
    "  movq %rax, 16*\\n+72(%rsp)\n"
    "  FP_STORE\n"
    "  .if \\n > 8\n"
    "  subq $(8*\\n-64), %rdi\n"
    "  decl 16*\\n+88(%rsp)\n"
    "  jnz 4b\n"
    "  .endif\n"
    /* t_hi - p, and t_hi again if that borrows more than the carry */
    "  movq 16*\\n+64(%rsp), %rdi\n"
    "  movq 16*\\n+72(%rsp), %rbx\n"
    "  xorl %eax, %eax\n"
    "  .set i, 0\n"
    "  .rept \\n\n"
    "  movq 8*\\n+i(%rsp), %rax\n"
    "  sbbq i(%rcx), %rax\n"
    "  movq %rax, i(%rdi)\n"
    "  .set i, i+8\n"
    "  .endr\n"
    "  sbbq $0, %rbx\n" /* CF: t_hi < p */
    "  .set i, 0\n"
    "  .rept \\n\n"
    "  movq i(%rdi), %rax\n"
    "  cmovcq 8*\\n+i(%rsp), %rax\n"
    "  movq %rax, i(%rdi)\n"
    "  .set i, i+8\n"
    "  .endr\n"
    ".endm\n"

    /* void fp_mul_adx_n(r, a, b, f) */
    ".macro FP_MUL n\n"
    ".p2align 6\n"
    ".globl fp_mul_adx_\\n\n"
    ".hidden fp_mul_adx_\\n\n"
    ".type fp_mul_adx_\\n, @function\n"
    "fp_mul_adx_\\n:\n"
    "  FP_ENTER \\n\n"
    "  movq %rdx, %rbp\n"
    "  FP_PRODUCT \\n\n"
    "  FP_REDUCE \\n\n"
    "  FP_LEAVE \\n\n"
    ".size fp_mul_adx_\\n, .-fp_mul_adx_\\n\n"
    ".endm\n"
    "FP_MUL 8\n"
    "FP_MUL 16\n"
    "FP_MUL 24\n");

void fp_mul_adx_8(uint64_t *r, const uint64_t *a, const uint64_t *b,
                  const struct fp *f);
void fp_mul_adx_16(uint64_t *r, const uint64_t *a, const uint64_t *b,
                   const struct fp *f);
void fp_mul_adx_24(uint64_t *r, const uint64_t *a, const uint64_t *b,
                   const struct fp *f);

/* Sums and squares for n limbs; n is a constant where these are inlined. */
static inline __attribute__((always_inline)) void
select_n(uint64_t *r, const uint64_t *t, const uint64_t *d, uint64_t mask,
         size_t n)
{
    for (size_t i = 0; i < n; i++) {
        r[i] = (t[i] & mask) | (d[i] & ~mask); /* mask: t, else d */
    }
}

static inline __attribute__((always_inline)) void
add_n(uint64_t *r, const uint64_t *a, const uint64_t *b, const uint64_t *p,
      size_t n)
{
    uint64_t t[24];
    uint64_t d[24];
    unsigned char carry = 0;
    unsigned char borrow = 0;
#pragma GCC unroll 24
    for (size_t i = 0; i < n; i++) {
        unsigned long long v;
        carry = __builtin_ia32_addcarryx_u64(carry, a[i], b[i], &v);
        t[i] = v; /* a+b */
    }
#pragma GCC unroll 24
    for (size_t i = 0; i < n; i++) {
        unsigned long long v;
        borrow = __builtin_ia32_sbb_u64(borrow, t[i], p[i], &v);
        d[i] = v; /* a+b-p */
    }
    select_n(r, t, d, (uint64_t)carry - borrow, n);
}

static inline __attribute__((always_inline)) void
sub_n(uint64_t *r, const uint64_t *a, const uint64_t *b, const uint64_t *p,
      size_t n)
{
    uint64_t t[24];
    unsigned char borrow = 0;
    unsigned char carry = 0;
#pragma GCC unroll 24
    for (size_t i = 0; i < n; i++) {
        unsigned long long v;
        borrow = __builtin_ia32_sbb_u64(borrow, a[i], b[i], &v);
        t[i] = v; /* a-b */
    }
    uint64_t mask = (uint64_t)0 - borrow;
#pragma GCC unroll 24
    for (size_t i = 0; i < n; i++) {
        unsigned long long v;
        carry = __builtin_ia32_addcarryx_u64(carry, t[i], p[i] & mask, &v);
        r[i] = v; /* a-b, or a-b+p */
    }
}

#define FP_ADX_OPS(n)                                                          \
    static void add_##n(uint64_t *r, const uint64_t *a, const uint64_t *b,     \
                        const struct fp *f)                                    \
    {                                                                          \
        add_n(r, a, b, f->p, n);                                               \
    }                                                                          \
    static void sub_##n(uint64_t *r, const uint64_t *a, const uint64_t *b,     \
                        const struct fp *f)                                    \
    {                                                                          \
        sub_n(r, a, b, f->p, n);                                               \
    }                                                                          \
    static void sqr_##n(uint64_t *r, const uint64_t *a, const struct fp *f)    \
    {                                                                          \
        fp_mul_adx_##n(r, a, a, f);                                            \
    }                                                                          \
    static const struct fp_ops ops_adx_##n = {                                 \
        "adx", n, fp_mul_adx_##n, sqr_##n, add_##n, sub_##n};

FP_ADX_OPS(8)
FP_ADX_OPS(16)
FP_ADX_OPS(24)

const struct fp_ops *const fp_ops_adx[] = {&ops_adx_8, &ops_adx_16, &ops_adx_24,
                                           NULL};

#else

const struct fp_ops *const fp_ops_adx[] = {NULL};

#endif
