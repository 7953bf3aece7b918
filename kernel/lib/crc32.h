/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC-32 of IEEE 802.3, as in zlib: reflected, with initial value and final XOR all
 * ones. Start with crc 0 and pass each result to the next call.
 */
#ifndef KERNEL_LIB_CRC32_H
#define KERNEL_LIB_CRC32_H

#include <stdint.h>

uint32_t crc32_add(uint32_t crc, uint8_t byte);

#endif
