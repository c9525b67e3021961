#pragma once
/* The product of two matrices on AVX-512: what pack.c, tile.c and product.c share.
 *
 * c = op(a) op(b) + beta c, with c of m rows and n columns and sums over k. The scheme is that of Goto and van de Geijn
 * ("Anatomy of high-performance matrix multiplication", 2008) as BLIS arranges it:
 *   block   a piece of op(a) or op(b) that is copied, in the order in which it will be read, into memory that stays in
 *           cache: packed. Packing is where transposed, bf16 and f16 operands become plain f32.
 *   panel   a block's unit: TILE_ROWS rows of op(a), or TILE_COLUMNS columns of op(b), all values of one position along
 *           k side by side. The last panel of a block is as wide as needed, in steps of ROW_STEP or LANES, and padded
 *           with zeros.
 *   tile    the part of c that one panel of op(a) and one of op(b) make; its sums live in registers.
 * pack.c makes panels, tile.c makes tiles, product.c walks the blocks. */
#include "vectors.h"

#if defined(__x86_64__)
enum {
  /* 12 x 32 sums take 24 of the 32 registers, and 24 fused multiply-adds need 14 loads; two loads and two multiply-adds
   * can start in a cycle. 12 divides the widths of the models here better than 14 does. */
  TILE_ROWS = 12,
  TILE_COLUMNS = 2 * LANES,
  ROW_STEP = 4,
  /* Values along k in a block: a panel of op(b), 32 KB, stays in a first-level cache of 48 KB. */
  DEPTH = 256,
  /* Rows of op(a) in a block: 384 KB, a part of a second-level cache of 1 MB. */
  BLOCK_ROWS = 384,
  /* Columns of op(b) in a block: 1 MB. */
  BLOCK_COLUMNS = 1024,
};

/* `count` of the rows of op(a) (or columns of op(b)) from `first` on, by `depth` positions along k from `position` on,
 * as panels of `width` that are padded to a multiple of `step`. `along_k`: whether values that follow each other in
 * memory follow each other along k. */
void elo_pack(const elo_operand *x, int along_k, long first, long count, long position, long depth, int width, int step,
              float *panels);

/* One tile from a panel of `padded_rows` rows and one of `padded_columns` columns: c = a b + beta c for the first `rows`
 * rows and `columns` columns. c is not read when beta is 0. */
void elo_tile(long depth, const float *a, int padded_rows, const float *b, int padded_columns, float beta, float *c,
              long stride, int rows, int columns);
#endif
