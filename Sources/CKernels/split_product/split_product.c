#include "split_product.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel lends tile registers, which make a thread's saved state 8 KB larger, to processes that ask. */
static int tiles_are_lent(void) {
  const long request_permission = 0x1023, tile_data = 18;
  return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

int elo_split_product_supported(void) {
  unsigned a, b, c, d;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  const int amx_bf16 = d >> 22 & 1, amx_tile = d >> 24 & 1;
  return amx_bf16 && amx_tile && elo_product_supported(ELO_AVX512) && __builtin_cpu_supports("avx512bf16") && tiles_are_lent();
}

long elo_split_product_workspace(void) {
  return (long)SPLIT_DEPTH * (SPLIT_ROWS + SPLIT_COLUMNS) * MOST_PLANES * 2 / (long)sizeof(float);
}

static long least(long x, long y) { return x < y ? x : y; }

/* The size of equal blocks, in whole steps and at most `largest`, that cover `length`. */
static long block_size(long length, long largest, long step) {
  long blocks = (length + largest - 1) / largest;
  return ((length + blocks - 1) / blocks + step - 1) / step * step;
}

/* All eight tile registers of this thread: 16 rows of 64 bytes. */
SPLIT_AMX static void configure_tiles(void) {
  struct {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } tiles __attribute__((aligned(64))) = {.palette = 1};
  for (int i = 0; i < 8; i++) tiles.row_bytes[i] = 64, tiles.rows[i] = 16;
  _tile_loadconfig(&tiles);
}

/* Without it the thread's every switch would save the registers. */
SPLIT_AMX static void release_tiles(void) { _tile_release(); }

static void scale(long m, long n, float beta, float *c, long stride) {
  for (long i = 0; i < m; i++)
    for (long j = 0; j < n; j++) c[i * stride + j] = beta == 0 ? 0 : beta * c[i * stride + j];
}

/* A block of c from a packed block of op(a) and one of op(b). Two groups of op(b) stay in a near cache while the block of
 * op(a) passes by. */
static void multiply_blocks(long steps, const uint8_t *a, int planes_a, long rows, const uint8_t *b, int planes_b,
                            long columns, float beta, float *c, long stride) {
  for (long j = 0; j < columns; j += 2 * GROUP)
    for (long i = 0; i < rows; i += 2 * GROUP)
      elo_split_tile(steps, a + i / GROUP * steps * planes_a * SQUARE_BYTES, planes_a, least(2 * GROUP, rows - i),
                     b + j / GROUP * steps * planes_b * SQUARE_BYTES, planes_b, least(2 * GROUP, columns - j), beta,
                     c + i * stride + j, stride);
}

void elo_split_product(long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c, long stride,
                       float *workspace) {
  if (m <= 0 || n <= 0) return;
  if (k <= 0) return scale(m, n, beta, c, stride);
  const int planes_a = elo_planes(a.element), planes_b = elo_planes(b.element);
  uint8_t *packed_a = (uint8_t *)workspace, *packed_b = packed_a + (long)SPLIT_DEPTH * SPLIT_ROWS * MOST_PLANES * 2;
  /* The blocks along k depend on k alone: so does the order in which an element of c is summed. */
  const long depth_step = block_size(k, SPLIT_DEPTH, SQUARE_DEPTH);
  const long row_step = block_size(m, SPLIT_ROWS * MOST_PLANES / planes_a, 2 * GROUP);
  const long column_step = block_size(n, SPLIT_COLUMNS * MOST_PLANES / planes_b, 2 * GROUP);
  configure_tiles();
  for (long j = 0; j < n; j += column_step) {
    const long columns = least(column_step, n - j);
    for (long p = 0; p < k; p += depth_step) {
      const long depth = least(depth_step, k - p), steps = (depth + SQUARE_DEPTH - 1) / SQUARE_DEPTH;
      elo_split_pack(&b, b.transposed, 0, j, columns, p, depth, packed_b);
      for (long i = 0; i < m; i += row_step) {
        const long rows = least(row_step, m - i);
        elo_split_pack(&a, !a.transposed, 1, i, rows, p, depth, packed_a);
        multiply_blocks(steps, packed_a, planes_a, rows, packed_b, planes_b, columns, p == 0 ? beta : 1,
                        c + i * stride + j, stride);
      }
    }
  }
  release_tiles();
}

#else

int elo_split_product_supported(void) { return 0; }
long elo_split_product_workspace(void) { return 0; }
/* Not called: there is nothing to choose it. */
void elo_split_product(long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c, long stride,
                       float *workspace) {
  __builtin_trap();
}

#endif
