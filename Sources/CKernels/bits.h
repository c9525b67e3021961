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

/* Rounded to nearest even; NaN stays NaN. */
INLINE uint16_t to_bf16(float value) {
  uint32_t bits = float_to_bits(value);
  uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  uint32_t nan = (bits >> 16) | 0x40;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000u ? nan : rounded);
}
