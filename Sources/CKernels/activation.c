#include "CKernels.h"
#include "dispatch.h"
#include "special.h"

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

/* What an activation is at a point. */
typedef struct {
  float value, slope;
} Activated;

INLINE Activated silu(float x) {
  CONTRACT
  float sigmoid = 1.0f / (1.0f + exponential(-x));
  float value = x * sigmoid;
  return (Activated){value, sigmoid + value * (1.0f - sigmoid)};
}

INLINE Activated gelu(float x) {
  CONTRACT
  float integral = normal_integral(x);
  float density = 0.39894228040143268f * exponential(-0.5f * x * x);
  return (Activated){x * integral, integral + x * density};
}

INLINE Activated gelu_tanh(float x) {
  CONTRACT
  const float root = 0.79788456080286536f, cubic = 0.044715f;
  HyperbolicTangent t = hyperbolic_tangent(root * (x + cubic * x * x * x));
  float half = 0.5f * (1.0f + t.value);
  float inner = root * (1.0f + 3.0f * cubic * x * x);
  return (Activated){x * half, half + 0.5f * x * t.slope * inner};
}

INLINE Activated relu(float x) { return (Activated){x > 0 ? x : 0, x > 0 ? 1.0f : 0}; }

/* Four loops for each activation: gated and plain, forward and backward. */
#define LOOPS(name)                                                                                          \
  DISPATCHED void elo_##name##_plain(const float *x, float *a, long n) {                                     \
    for (long i = 0; i < n; i++) a[i] = name(x[i]).value;                                                    \
  }                                                                                                          \
  DISPATCHED void elo_##name##_plain_backward(const float *da, float *x, long n) {                           \
    for (long i = 0; i < n; i++) x[i] = da[i] * name(x[i]).slope;                                            \
  }
#define GATED_LOOPS(name)                                                                                    \
  DISPATCHED void elo_##name##_gate(const float *gate, const float *up, float *a, long n) {                  \
    for (long i = 0; i < n; i++) a[i] = name(gate[i]).value * up[i];                                         \
  }                                                                                                          \
  DISPATCHED void elo_##name##_gate_backward(const float *da, float *gate, float *up, long n) {              \
    for (long i = 0; i < n; i++) {                                                                           \
      Activated at = name(gate[i]);                                                                          \
      float u = up[i], d = da[i];                                                                            \
      up[i] = d * at.value;                                                                                  \
      gate[i] = d * u * at.slope;                                                                            \
    }                                                                                                        \
  }

LOOPS(silu)
LOOPS(gelu)
LOOPS(gelu_tanh)
LOOPS(relu)
GATED_LOOPS(gelu)
GATED_LOOPS(gelu_tanh)
GATED_LOOPS(relu)

DISPATCHED void elo_soft_cap(float *x, float scale, float cap, float *slope, long n) {
  /* Not times scale / cap: the rounding of that number would put all elements off in one direction. */
  if (slope)
    for (long i = 0; i < n; i++) {
      HyperbolicTangent t = hyperbolic_tangent(x[i] * scale / cap);
      x[i] = cap * t.value;
      slope[i] = t.slope;
    }
  else
    for (long i = 0; i < n; i++) x[i] = cap * hyperbolic_tangent(x[i] * scale / cap).value;
}
