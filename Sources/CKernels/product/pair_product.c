#include "product.h"
#include "../dispatch.h"

INLINE int32_t pair_product(uint32_t x, uint32_t y) {
  return (int32_t)((uint32_t)((int16_t)x * (int16_t)y) + (uint32_t)((int16_t)(x >> 16) * (int16_t)(y >> 16)));
}

/* The reference of the others, and what processors without their instructions use. */
DISPATCHED static void plain_product(long m, long n, long k, elo_pairs a, elo_pairs b, uint32_t *c, long stride) {
  for (long i = 0; i < m; i++) {
    uint32_t *row = c + i * stride;
    for (long j = 0; j < n; j++) row[j] = 0;
    for (long p = 0; p < k; p++) {
      const uint32_t x = a.values[i * a.stride + p];
      if (b.transposed) {
        for (long j = 0; j < n; j++) row[j] += (uint32_t)pair_product(x, b.values[j * b.stride + p]);
      } else {
        for (long j = 0; j < n; j++) row[j] += (uint32_t)pair_product(x, b.values[p * b.stride + j]);
      }
    }
  }
}

int elo_pair_product_supported(elo_pair_vectors vectors) {
#if defined(__x86_64__)
  if (vectors == ELO_PAIRS_VNNI) return elo_product_supported(ELO_AVX512) && __builtin_cpu_supports("avx512vnni");
  if (vectors == ELO_PAIRS_AVX2) return elo_product_supported(ELO_AVX2);
#endif
  return vectors == ELO_PAIRS_PLAIN;
}

long elo_pair_product_workspace(elo_pair_vectors vectors) {
  switch (vectors) {
  case ELO_PAIRS_VNNI: return elo_product_workspace(ELO_AVX512);
  case ELO_PAIRS_AVX2: return elo_product_workspace(ELO_AVX2);
  case ELO_PAIRS_PLAIN: return 1;
  }
}

#if defined(__x86_64__)
/* The pairs' bits as a matrix of floats, which packing moves as they are. */
static elo_operand operand(elo_pairs x) {
  return (elo_operand){.values = x.values, .element = ELO_F32, .transposed = x.transposed, .stride = x.stride};
}
#endif

void elo_pair_product(elo_pair_vectors vectors, long m, long n, long k, elo_pairs a, elo_pairs b, int32_t *c,
                      long stride, float *workspace) {
#if defined(__x86_64__)
  if (vectors == ELO_PAIRS_VNNI)
    return elo_pair_product_avx512(m, n, k, operand(a), operand(b), c, stride, workspace);
  if (vectors == ELO_PAIRS_AVX2) return elo_pair_product_avx2(m, n, k, operand(a), operand(b), c, stride, workspace);
#endif
  plain_product(m, n, k, a, b, (uint32_t *)c, stride);
}
