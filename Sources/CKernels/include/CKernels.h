/* Elementwise and reduction loops of the CPU device: what BLAS has no routine for.
 *
 * Legend: n elements or rows, d width of a row, x input, y output, dx and dy gradients of x and y, w weight, r inverse
 * root mean square of a row. All arrays are dense, in f32 unless a type says otherwise; outputs may alias inputs only
 * where it says "in place". Each function runs on the calling thread and is compiled several times, for baseline
 * x86-64, AVX2 and AVX-512; the dynamic linker picks one at load time. Results are the same on every run on one
 * processor, and may differ in the last bits between processors.
 */
#pragma once
#include <stdint.h>

/* y[i] = x[i], widened exactly. */
void elo_widen_bf16(const uint16_t *x, float *y, long n);
void elo_widen_f16(const uint16_t *x, float *y, long n);
/* y[i] = x[i], rounded to nearest even; NaN stays NaN, overflow becomes infinity. */
void elo_narrow_bf16(const float *x, uint16_t *y, long n);
void elo_narrow_f16(const float *x, uint16_t *y, long n);

/* y = x . w over d elements, one operand stored as named. */
float elo_dot_f32(const float *x, const float *w, long d);
float elo_dot_bf16(const float *x, const uint16_t *w, long d);
float elo_dot_f16(const float *x, const uint16_t *w, long d);

/* y += a x;  y *= a;  y += x;  y *= x, element by element;  y += bias for each of n rows. x may be narrower. */
void elo_axpy(float a, const float *x, float *y, long n);
void elo_axpy_bf16(float a, const uint16_t *x, float *y, long n);
void elo_axpy_f16(float a, const uint16_t *x, float *y, long n);
void elo_scale(float a, float *y, long n);
void elo_add(const float *x, float *y, long n);
void elo_multiply(const float *x, float *y, long n);
void elo_add_rows(const float *bias, float *y, long n, long d);
/* Sum of x[i]^2, accumulated in double. */
double elo_sum_of_squares(const float *x, long n);

/* RMSNorm: r = 1/sqrt(mean(x^2) + epsilon), y = x r w, row by row (Zhang and Sennrich, 2019). */
void elo_rms_norm(const float *x, const float *w, float epsilon, float *y, float *r, long n, long d);
/* y = x r w with r known: makes the normed rows again for the backward pass. */
void elo_rms_norm_apply(const float *x, const float *w, const float *r, float *y, long n, long d);
/* Accumulates dx += r (w dy - x r^2 mean(w dy x)), and dw += sum over rows of dy x r when dw is not null.
 * dx may be null. */
void elo_rms_norm_backward(const float *dy, const float *x, const float *w, const float *r, float *dx, float *dw,
                           long n, long d);

/* LayerNorm (Ba et al., 2016): m = mean(x), r = 1/sqrt(mean((x-m)^2) + epsilon), y = w (x-m) r + b, row by row; b may be
 * null. Weights are `groups` rows of d, of which row i takes row (first + i) % groups. */
void elo_layer_norm(const float *x, const float *w, const float *b, float epsilon, float *y, float *mean, float *r,
                    long first, long groups, long n, long d);
/* y = w (x-m) r + b with m and r known. */
void elo_layer_norm_apply(const float *x, const float *w, const float *b, const float *mean, const float *r, float *y,
                          long first, long groups, long n, long d);
/* Accumulates, with z = (x-m) r: dx += r (w dy - mean(w dy) - z mean(w dy z)), dw += dy z, db += dy. Each of dx, dw, db
 * may be null. */
void elo_layer_norm_backward(const float *dy, const float *x, const float *w, const float *mean, const float *r,
                             float *dx, float *dw, float *db, long first, long groups, long n, long d);

/* Rotates pairs (x[i], x[i + rotated/2]) of the first `rotated` of d channels of each of `heads` heads of one row by the
 * row's angles: cosines and sines hold rotated/2 values each. sign is +1 forward, -1 backward (the transpose). In place. */
void elo_rotate_half(float *x, const float *cosines, const float *sines, float sign, long heads, long d, long rotated);
/* The same for pairs (x[2i], x[2i + 1]). */
void elo_rotate_pairs(float *x, const float *cosines, const float *sines, float sign, long heads, long d, long rotated);

/* a = silu(gate) up. */
void elo_silu_gate(const float *gate, const float *up, float *a, long n);
/* Given da, overwrites gate with dgate and up with dup. In place. */
void elo_silu_gate_backward(const float *da, float *gate, float *up, long n);

/* The same with another activation: gelu is x Phi(x) with Phi from erf, gelu_tanh its approximation by tanh (Hendrycks and
 * Gimpel, 2016). */
void elo_gelu_gate(const float *gate, const float *up, float *a, long n);
void elo_gelu_gate_backward(const float *da, float *gate, float *up, long n);
void elo_gelu_tanh_gate(const float *gate, const float *up, float *a, long n);
void elo_gelu_tanh_gate_backward(const float *da, float *gate, float *up, long n);
void elo_relu_gate(const float *gate, const float *up, float *a, long n);
void elo_relu_gate_backward(const float *da, float *gate, float *up, long n);
/* a = act(x); given da, overwrites x with dx. In place. */
void elo_silu_plain(const float *x, float *a, long n);
void elo_silu_plain_backward(const float *da, float *x, long n);
void elo_gelu_plain(const float *x, float *a, long n);
void elo_gelu_plain_backward(const float *da, float *x, long n);
void elo_gelu_tanh_plain(const float *x, float *a, long n);
void elo_gelu_tanh_plain_backward(const float *da, float *x, long n);
void elo_relu_plain(const float *x, float *a, long n);
void elo_relu_plain_backward(const float *da, float *x, long n);

/* x = cap tanh(x scale / cap); slope, unless null, becomes 1 - tanh^2. In place. */
void elo_soft_cap(float *x, float scale, float cap, float *slope, long n);

/* Over the products x[i] y[i], in double: sums[0] their sum, sums[1] that of their magnitudes, sums[2] that of their
 * squares. */
void elo_product_sums(const float *x, const float *y, long n, double *sums);
/* Sum of p[i] (a[i] - b[i]): differences and products in f32, their sum in double. */
double elo_weighted_difference(const float *p, const float *a, const float *b, long n);

/* |x - r|^2 / |r|^2, in double; adds scale times its gradient for x to g. */
double elo_relative_distance(const float *x, const float *r, float scale, float *g, long d);

/* Largest of n values; -infinity for none. */
float elo_maximum(const float *x, long n);
/* Largest |x[i]| of n values; 0 for none. */
float elo_largest_magnitude(const float *x, long n);
/* y[i] becomes the larger of y[i] and |x[i]|. */
void elo_raise_magnitudes(const float *x, float *y, long n);
/* x[i] = exp(x[i] * scale - shift), returns their sum in f32 over lanes, combined in a fixed order. In place. */
float elo_exp_shifted(float *x, float scale, float shift, long n);
/* s[i] = p[i] (dp[i] - delta) scale: the backward of softmax for one row. s may alias dp. */
void elo_softmax_backward(const float *p, const float *dp, float delta, float scale, float *s, long n);
/* x = x scale + bias. In place. */
void elo_add_scaled_bias(float *x, float scale, const float *bias, long n);

/* The numbers of an AdamW step; the corrections are 1 - b1^t and 1 - b2^t. */
typedef struct {
  float gradient_scale, rate, b1, b2, epsilon, decay, correction1, correction2;
} elo_adamw_step;

/* One AdamW step (Loshchilov and Hutter, 2019, decoupled decay), all in f32:
 *   g = gradient gradient_scale;  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2
 *   w = w (1 - rate decay) - rate (m / correction1) / (sqrt(v / correction2) + epsilon) */
void elo_adamw(float *w, const float *gradient, float *m, float *v, elo_adamw_step s, long n);
/* The same with moments stored as bf16, rounded to nearest even; the step takes them as computed. */
void elo_adamw_bf16(float *w, const float *gradient, uint16_t *m, uint16_t *v, elo_adamw_step s, long n);

/* How the elements of a matrix are stored. */
typedef enum { ELO_F32, ELO_BF16, ELO_F16 } elo_element;

/* A stored matrix: `stride` is the distance between its rows in elements. `transposed`: the product takes its
 * transpose. */
typedef struct {
  const void *values;
  elo_element element;
  int transposed;
  long stride;
} elo_operand;

/* The vectors that `elo_product` is made of. */
typedef enum { ELO_AVX2, ELO_AVX512 } elo_vectors;

/* Whether this processor has their instructions. */
int elo_product_supported(elo_vectors vectors);
/* Floats of working memory that `elo_product` needs. */
long elo_product_workspace(elo_vectors vectors);
/* c = op(a) op(b) + beta c in f32, for op(a) of m rows and k columns, op(b) of k rows and n columns, c of m rows at
 * distance `stride`. c is not read when beta is 0, and overlaps neither operand. Sums are fused multiply-adds in the
 * order of k within blocks of some hundred, and blocks added in order: the bits of an element depend on its row of op(a),
 * its column of op(b) and k, not on m or n. Only where `elo_product_supported`. */
void elo_product(elo_vectors vectors, long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c,
                 long stride, float *workspace);

/* The same for `elo_split_product` (AMX with bf16). Asks the system for the tile registers. */
int elo_split_product_supported(void);
/* Floats of working memory that `elo_split_product` needs, on a boundary of 64 bytes. */
long elo_split_product_workspace(void);
/* What `elo_product` does, with operands as sums of bf16 values and sums in f32 in the order of k: as exact, but
 * subnormal numbers count as 0, and what is infinite or above 3.39e38 makes NaN. Only where `elo_split_product_supported`. */
void elo_split_product(long m, long n, long k, elo_operand a, elo_operand b, float beta, float *c, long stride,
                       float *workspace);

/* A stored matrix of pairs of signed 16-bit integers, the first in the lower bits: `stride` is the distance between its
 * rows in pairs. */
typedef struct {
  const uint32_t *values;
  int transposed;
  long stride;
} elo_pairs;

/* What `elo_pair_product` is made of: plain C, AVX2, or AVX-512 with VNNI. */
typedef enum { ELO_PAIRS_PLAIN, ELO_PAIRS_AVX2, ELO_PAIRS_VNNI } elo_pair_vectors;

/* Whether this processor has their instructions. */
int elo_pair_product_supported(elo_pair_vectors vectors);
/* Floats of working memory that `elo_pair_product` needs, at least one. */
long elo_pair_product_workspace(elo_pair_vectors vectors);
/* c = op(a) op(b) modulo 2^32, with sums over both integers of k pairs; op(a) has m rows and is not transposed, op(b) n
 * columns, c m rows at distance `stride`. Only where `elo_pair_product_supported`. */
void elo_pair_product(elo_pair_vectors vectors, long m, long n, long k, elo_pairs a, elo_pairs b, int32_t *c,
                      long stride, float *workspace);

/* Rounding to 16-bit integers, up with the chance of a value's fractional part, else down: right on average. The chances
 * are those of the seed and the place. Values lie between -32,767 and 32,767, and integers stay as they are. */

/* n values times a factor, as (n + 1) / 2 pairs that follow each other. */
void elo_round_row(const float *x, float factor, uint32_t seed, uint32_t *pairs, long n);
/* n values of two rows, each row times its factor, as n pairs of one value of each. */
void elo_round_two_rows(const float *x, float factor_x, const float *y, float factor_y, uint32_t seed,
                        uint32_t *pairs, long n);
/* y[i] = x[i] factor factors[i], not negative. */
void elo_round_scaled(const float *x, const float *factors, float factor, uint32_t seed, uint16_t *y, long n);

/* y[i] = x[i] scale scales[i]; returns the largest. */
float elo_scale_integers(const int32_t *x, float scale, const float *scales, float *y, long n);
/* y[i] += x[i] scale scales[i]. */
void elo_add_scaled_integers(const int32_t *x, float scale, const float *scales, float *y, long n);
/* The indices, ascending, at which x[i] factors[i] is above a limit; returns how many. */
long elo_find_large(const float *x, const float *factors, float limit, int32_t *indices, long n);

/* Sums over words with the weight x, of which a bound on rounding's error is made: of x; of x |w|^2; of the variance that
 * `elo_round_scaled` adds to the sum of x w; of (x s)^2; of (x s |w|)^2, where s is a word's step. */
typedef struct {
  double mass, squares, dithered, steps, step_squares;
} elo_rounding_moments;

/* Adds to the sums; `norms` are |w|^2, `steps` the words' steps, `factor` as for `elo_round_scaled`. */
void elo_add_rounding_moments(const float *x, const float *steps, float factor, const float *norms, long n,
                              elo_rounding_moments *sums);
