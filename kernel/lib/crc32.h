/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CRC-32 of IEEE 802.3: the one of zlib, reflected, with all ones before and
 * after. Begin with 0; the result of one call goes into the next.
 */
#ifndef KERNEL_LIB_CRC32_H
#define KERNEL_LIB_CRC32_H

#include <stdint.h>

uint32_t crc32_add(uint32_t crc, uint8_t byte);

#endif
