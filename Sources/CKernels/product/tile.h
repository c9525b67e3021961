/* Tiles, of the vectors that the including file has chosen; see product.h. The file also says what a sum is made of:
 * `accumulate(x, y, sum)` is sum + x y, `combined(beta, c, sum)` is beta c + sum. Compiled once for each number of rows
 * and vectors, so that all loops but the one along k unroll and every sum has its register. */

enum { TILE_COLUMNS = 2 * LANES };

INLINE_TARGET lane_set lanes_of(int index, const int vectors, lane_set last) {
  return index == vectors - 1 ? last : first_lanes(LANES);
}

INLINE_TARGET void store_row(const int vectors, const vector *sums, float *c, lane_set last) {
  UNROLLED for (int j = 0; j < vectors; j++) store(c + j * LANES, lanes_of(j, vectors, last), sums[j]);
}

INLINE_TARGET void add_row(const int vectors, vector factor, const vector *sums, float *c, lane_set last) {
  UNROLLED for (int j = 0; j < vectors; j++) {
    const lane_set lanes = lanes_of(j, vectors, last);
    store(c + j * LANES, lanes, combined(factor, load(ELO_F32, c, j * LANES, lanes), sums[j]));
  }
}

INLINE_TARGET void sized_tile(
    const int padded_rows, const int vectors, long depth, const float *a, const float *b, float beta, float *c,
    long stride, int rows, lane_set last) {
  vector sums[TILE_ROWS][2];
  UNROLLED for (int i = 0; i < padded_rows; i++) {
    UNROLLED for (int j = 0; j < vectors; j++) sums[i][j] = zeros();
    /* c is needed only at the end: by then it is here. */
    if (i < rows) {
      __builtin_prefetch(c + i * stride, 1);
      if (vectors > 1) __builtin_prefetch(c + i * stride + LANES, 1);
      __builtin_prefetch(c + i * stride + vectors * LANES - 1, 1);
    }
  }
  for (long p = 0; p < depth; p++) {
    vector column[2];
    UNROLLED for (int j = 0; j < vectors; j++) column[j] = whole(b + j * LANES);
    UNROLLED for (int i = 0; i < padded_rows; i++) {
      vector value = repeated(a[i]);
      UNROLLED for (int j = 0; j < vectors; j++) sums[i][j] = accumulate(value, column[j], sums[i][j]);
    }
    a += padded_rows;
    b += vectors * LANES;
  }
  if (beta == 0) {
    UNROLLED for (int i = 0; i < padded_rows; i++)
      if (i < rows) store_row(vectors, sums[i], c + i * stride, last);
    return;
  }
  const vector factor = repeated(beta);
  UNROLLED for (int i = 0; i < padded_rows; i++)
    if (i < rows) add_row(vectors, factor, sums[i], c + i * stride, last);
}

/* One tile from a panel of `padded_rows` rows and one of `padded_columns` columns: c = a b + beta c for the first `rows`
 * rows and `columns` columns. c is not read when beta is 0. */
static TARGET void tile(long depth, const float *a, int padded_rows, const float *b, int padded_columns, float beta,
                        float *c, long stride, int rows, int columns) {
  const lane_set last = first_lanes(LANES - padded_columns + columns);
  enum { MIDDLE_ROWS = TILE_ROWS - ROW_STEP };
  if (padded_columns == TILE_COLUMNS) {
    if (padded_rows == TILE_ROWS) return sized_tile(TILE_ROWS, 2, depth, a, b, beta, c, stride, rows, last);
    if (padded_rows == MIDDLE_ROWS) return sized_tile(MIDDLE_ROWS, 2, depth, a, b, beta, c, stride, rows, last);
    return sized_tile(ROW_STEP, 2, depth, a, b, beta, c, stride, rows, last);
  }
  if (padded_rows == TILE_ROWS) return sized_tile(TILE_ROWS, 1, depth, a, b, beta, c, stride, rows, last);
  if (padded_rows == MIDDLE_ROWS) return sized_tile(MIDDLE_ROWS, 1, depth, a, b, beta, c, stride, rows, last);
  return sized_tile(ROW_STEP, 1, depth, a, b, beta, c, stride, rows, last);
}
