#include "product.h"

#if defined(__x86_64__)

int elo_product_supported(elo_vectors vectors) {
  switch (vectors) {
  case ELO_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  case ELO_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  }
}

long elo_product_workspace(elo_vectors vectors) {
  return vectors == ELO_AVX512 ? elo_product_workspace_avx512() : elo_product_workspace_avx2();
}

void elo_product(elo_vectors vectors, long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c,
                 long stride, float *workspace) {
  if (vectors == ELO_AVX512) elo_product_avx512(m, n, k, a, b, beta, c, stride, workspace);
  else elo_product_avx2(m, n, k, a, b, beta, c, stride, workspace);
}

#else

int elo_product_supported(elo_vectors vectors) { return 0; }
long elo_product_workspace(elo_vectors vectors) { return 0; }
/* Not called: there is nothing to choose it. */
void elo_product(elo_vectors vectors, long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c,
                 long stride, float *workspace) {
  __builtin_trap();
}

#endif
