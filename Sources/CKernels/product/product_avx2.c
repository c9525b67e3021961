#include "product.h"

#if defined(__x86_64__)
#include "vectors256.h"
#include "floats.h"
#include "blocks.h"

long elo_product_workspace_avx2(void) { return WORKSPACE; }

void elo_product_avx2(long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c, long stride,
                       float *workspace) {
  product(m, n, k, a, b, beta, c, stride, workspace);
}
#endif
