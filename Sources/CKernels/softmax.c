#include "CKernels.h"
#include "dispatch.h"
#include "exponential.h"
#include <math.h>

DISPATCHED float elo_maximum(const float *x, long n) {
  /* NaN makes a maximum depend on its order, so the compiler would not vectorise one running value: keep 16. */
  float lanes[16];
  for (int lane = 0; lane < 16; lane++) lanes[lane] = -INFINITY;
  long i = 0;
  for (; i + 16 <= n; i += 16)
    for (int lane = 0; lane < 16; lane++) lanes[lane] = x[i + lane] > lanes[lane] ? x[i + lane] : lanes[lane];
  for (; i < n; i++) lanes[0] = x[i] > lanes[0] ? x[i] : lanes[0];
  float largest = lanes[0];
  for (int lane = 1; lane < 16; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

DISPATCHED float elo_largest_magnitude(const float *x, long n) {
  float lanes[16] = {0};
  long i = 0;
  for (; i + 16 <= n; i += 16)
    for (int lane = 0; lane < 16; lane++) {
      float magnitude = __builtin_fabsf(x[i + lane]);
      lanes[lane] = magnitude > lanes[lane] ? magnitude : lanes[lane];
    }
  for (; i < n; i++) lanes[0] = __builtin_fabsf(x[i]) > lanes[0] ? __builtin_fabsf(x[i]) : lanes[0];
  float largest = lanes[0];
  for (int lane = 1; lane < 16; lane++) largest = lanes[lane] > largest ? lanes[lane] : largest;
  return largest;
}

DISPATCHED void elo_raise_magnitudes(const float *x, float *y, long n) {
  for (long i = 0; i < n; i++) {
    float magnitude = __builtin_fabsf(x[i]);
    y[i] = magnitude > y[i] ? magnitude : y[i];
  }
}

DISPATCHED float elo_exp_shifted(float *x, float scale, float shift, long n) {
  REASSOCIATE
  float sum = 0;
  for (long i = 0; i < n; i++) {
    float e = exponential(x[i] * scale - shift);
    x[i] = e;
    sum += e;
  }
  return sum;
}

DISPATCHED void elo_softmax_backward(const float *p, const float *dp, float delta, float scale, float *s, long n) {
  for (long i = 0; i < n; i++) s[i] = p[i] * (dp[i] - delta) * scale;
}

DISPATCHED void elo_add_scaled_bias(float *x, float scale, const float *bias, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) x[i] = x[i] * scale + bias[i];
}
