#pragma once
/* The product of two matrices, made of vectors.
 *
 * c = op(a) op(b) + beta c, with c of m rows and n columns and sums over k. The scheme is that of Goto and van de Geijn
 * ("Anatomy of high-performance matrix multiplication", 2008) as BLIS arranges it:
 *   block   a piece of op(a) or op(b) that is copied, in the order in which it will be read, into memory that stays in
 *           cache: packed. Packing is where transposed, bf16 and f16 operands become plain f32.
 *   panel   a block's unit: TILE_ROWS rows of op(a), or TILE_COLUMNS columns of op(b), all values of one position along
 *           k side by side. The last panel of a block is as wide as needed, in steps of ROW_STEP or LANES, and padded
 *           with zeros.
 *   tile    the part of c that one panel of op(a) and one of op(b) make; its sums live in registers.
 * pack.h makes panels, tile.h makes tiles, blocks.h walks the blocks. product_avx512.c and product_avx2.c each compile
 * them for their vectors and the sizes that go with these; product.c chooses. pairs_*.c compile the same for pairs of 16-bit
 * integers, which are moved as f32 values are and multiplied and added in one instruction, two on AVX2; pair_product.c
 * chooses. */
#include "../include/CKernels.h"

void elo_product_avx512(long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c, long stride,
                        float *workspace);
long elo_product_workspace_avx512(void);
void elo_product_avx2(long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c, long stride,
                      float *workspace);
long elo_product_workspace_avx2(void);

void elo_pair_product_avx512(long m, long n, long k, elo_operand a, elo_operand b, int32_t *c, long stride,
                             float *workspace);
void elo_pair_product_avx2(long m, long n, long k, elo_operand a, elo_operand b, int32_t *c, long stride,
                           float *workspace);
