#include "CKernels.h"
#include "dispatch.h"
#include "exponential.h"
#include <math.h>

DISPATCHED void elo_rotate_half(float *x, const float *cosines, const float *sines, float sign, long heads, long d) {
  CONTRACT
  const long half = d / 2;
  for (long h = 0; h < heads; h++) {
    float *first = x + h * d, *second = first + half;
    for (long i = 0; i < half; i++) {
      float a = first[i], b = second[i], c = cosines[i], s = sign * sines[i];
      first[i] = a * c - b * s;
      second[i] = b * c + a * s;
    }
  }
}

DISPATCHED void elo_silu_gate(const float *gate, const float *up, float *a, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) a[i] = gate[i] / (1.0f + exponential(-gate[i])) * up[i];
}

DISPATCHED void elo_silu_gate_backward(const float *da, float *gate, float *up, long n) {
  CONTRACT
  for (long i = 0; i < n; i++) {
    float g = gate[i], u = up[i], d = da[i];
    float sigmoid = 1.0f / (1.0f + exponential(-g));
    float silu = g * sigmoid;
    up[i] = d * silu;
    gate[i] = d * u * (sigmoid + silu * (1.0f - sigmoid));
  }
}

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
