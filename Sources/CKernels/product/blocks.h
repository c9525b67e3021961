/* The walk over blocks, of the vectors that the including file has chosen; see product.h. */
#include "pack.h"
#include "tile.h"

enum { WORKSPACE = DEPTH * (BLOCK_ROWS + BLOCK_COLUMNS) };

/* The size of equal blocks, in whole steps and at most `largest`, that cover `length`. */
INLINE_TARGET long block_size(long length, long largest, long step) {
  long blocks = (length + largest - 1) / largest;
  return ((length + blocks - 1) / blocks + step - 1) / step * step;
}

INLINE_TARGET long least(long x, long y) { return x < y ? x : y; }
INLINE_TARGET int padded(long count, int step) { return (int)((count + step - 1) / step * step); }

/* A block of c from a packed block of op(a) and one of op(b). A panel of op(b) stays in the first-level cache while the
 * block of op(a) passes by in the second. */
static TARGET void multiply_blocks(long depth, const float *a, long rows, const float *b, long columns, float beta,
                                   float *c, long stride) {
  for (long j = 0; j < columns; j += TILE_COLUMNS) {
    long tile_columns = least(TILE_COLUMNS, columns - j);
    for (long i = 0; i < rows; i += TILE_ROWS) {
      long tile_rows = least(TILE_ROWS, rows - i);
      tile(depth, a + i * depth, padded(tile_rows, ROW_STEP), b + j * depth, padded(tile_columns, LANES), beta,
           c + i * stride + j, stride, (int)tile_rows, (int)tile_columns);
    }
  }
}

static TARGET void scale(long m, long n, float beta, float *c, long stride) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) c[i * stride + j] = beta == 0 ? 0 : beta * c[i * stride + j];
}

static TARGET void product(long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c, long stride,
                           float *workspace) {
  if (m <= 0 || n <= 0) return;
  if (k <= 0) return scale(m, n, beta, c, stride);
  float *packed_a = workspace, *packed_b = workspace + (long)DEPTH * BLOCK_ROWS;
  /* The blocks along k depend on k alone: so does the order in which an element of c is summed. Whole vectors, because
   * packing turns squares. */
  const long depth_step = block_size(k, DEPTH, LANES);
  const long row_step = block_size(m, BLOCK_ROWS, TILE_ROWS), column_step = block_size(n, BLOCK_COLUMNS, TILE_COLUMNS);
  for (long j = 0; j < n; j += column_step) {
    const long columns = least(column_step, n - j);
    for (long p = 0; p < k; p += depth_step) {
      const long depth = least(depth_step, k - p);
      pack_block(&b, b.transposed, j, columns, p, depth, TILE_COLUMNS, LANES, packed_b);
      for (long i = 0; i < m; i += row_step) {
        const long rows = least(row_step, m - i);
        pack_block(&a, !a.transposed, i, rows, p, depth, TILE_ROWS, ROW_STEP, packed_a);
        multiply_blocks(depth, packed_a, rows, packed_b, columns, p == 0 ? beta : 1, c + i * stride + j, stride);
      }
    }
  }
}
