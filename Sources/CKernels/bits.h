#pragma once
/* The bits of a float, and its upper half as a number of its own. */
#include "dispatch.h"
#include <stdint.h>
#include <string.h>

INLINE float bits_to_float(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

INLINE uint32_t float_to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

INLINE float from_bf16(uint16_t x) { return bits_to_float((uint32_t)x << 16); }

/* The exponent is rebased by a multiplication, which also makes denormals right; infinities and NaN keep their bits. */
INLINE float from_f16(uint16_t x) {
  uint32_t magnitude = (uint32_t)(x & 0x7fff) << 13;
  uint32_t finite = float_to_bits(bits_to_float(magnitude) * 0x1p112f);
  uint32_t special = magnitude | 0x7f800000u;
  uint32_t bits = (magnitude >= 0x0f800000u ? special : finite) | (uint32_t)(x & 0x8000) << 16;
  return bits_to_float(bits);
}

/* Rounded to nearest even; NaN stays NaN. */
INLINE uint16_t to_bf16(float value) {
  uint32_t bits = float_to_bits(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  uint32_t nan = (bits >> 16) | 0x40;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000u ? nan : rounded);
}
