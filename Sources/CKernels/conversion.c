#include "CKernels.h"
#include "bits.h"

DISPATCHED void elo_widen_bf16(const uint16_t *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] = from_bf16(x[i]);
}

DISPATCHED void elo_widen_f16(const uint16_t *x, float *y, long n) {
  for (long i = 0; i < n; i++) y[i] = from_f16(x[i]);
}

DISPATCHED void elo_narrow_bf16(const float *x, uint16_t *y, long n) {
  for (long i = 0; i < n; i++) y[i] = to_bf16(x[i]);
}

void elo_narrow_f16(const float *x, uint16_t *y, long n) {
  for (long i = 0; i < n; i++) {
    uint32_t bits = float_to_bits(x[i]);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    uint32_t magnitude = bits & 0x7fffffff;
    uint16_t half;
    if (magnitude > 0x7f800000u) {
      half = (uint16_t)(0x7e00 | (magnitude >> 13 & 0x3ff));
    } else if (magnitude >= 0x477ff000u) { /* 65520 and more round to infinity */
      half = 0x7c00;
    } else if (magnitude < 0x38800000u) { /* denormal: adding 0.5 puts the rounding where the bits end */
      half = (uint16_t)(float_to_bits(bits_to_float(magnitude) + 0.5f) - float_to_bits(0.5f));
    } else {
      half = (uint16_t)((magnitude - 0x38000000u + 0xfff + (magnitude >> 13 & 1)) >> 13);
    }
    y[i] = sign | half;
  }
}

DISPATCHED float elo_dot_f32(const float *x, const float *w, long d) {
  REASSOCIATE
  float sum = 0;
  for (long i = 0; i < d; i++) sum += x[i] * w[i];
  return sum;
}

DISPATCHED float elo_dot_bf16(const float *x, const uint16_t *w, long d) {
  REASSOCIATE
  float sum = 0;
  for (long i = 0; i < d; i++) sum += x[i] * from_bf16(w[i]);
  return sum;
}

DISPATCHED float elo_dot_f16(const float *x, const uint16_t *w, long d) {
  REASSOCIATE
  float sum = 0;
  for (long i = 0; i < d; i++) sum += x[i] * from_f16(w[i]);
  return sum;
}
