#include "product.h"

#define MORE_FEATURES ",avx512vnni"
#include "vectors512.h"

#if defined(__x86_64__)
/* Lanes hold integers: packing moves their bits as those of floats. */
INLINE_TARGET __m512i bits(vector x) { return _mm512_castps_si512(x); }

INLINE_TARGET vector accumulate(vector x, vector y, vector sum) {
  return _mm512_castsi512_ps(_mm512_dpwssd_epi32(bits(sum), bits(x), bits(y)));
}
/* beta is 1. */
INLINE_TARGET vector combined(vector beta, vector c, vector sum) {
  return _mm512_castsi512_ps(_mm512_add_epi32(bits(c), bits(sum)));
}

#include "blocks.h"

void elo_pair_product_avx512(long m, long n, long k, elo_operand a, elo_operand b, int32_t *c, long stride,
                             float *workspace) {
  product(m, n, k, a, b, 0, (float *)c, stride, workspace);
}
#endif
