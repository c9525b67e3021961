#include "product.h"

#include "vectors256.h"

#if defined(__x86_64__)
/* Lanes hold integers: packing moves their bits as those of floats. */
INLINE_TARGET __m256i bits(vector x) { return _mm256_castps_si256(x); }

INLINE_TARGET vector accumulate(vector x, vector y, vector sum) {
  return _mm256_castsi256_ps(_mm256_add_epi32(bits(sum), _mm256_madd_epi16(bits(x), bits(y))));
}
/* beta is 1. */
INLINE_TARGET vector combined(vector beta, vector c, vector sum) {
  return _mm256_castsi256_ps(_mm256_add_epi32(bits(c), bits(sum)));
}

#include "blocks.h"

void elo_pair_product_avx2(long m, long n, long k, elo_operand a, elo_operand b, int32_t *c, long stride,
                           float *workspace) {
  product(m, n, k, a, b, 0, (float *)c, stride, workspace);
}
#endif
