/* canary.c - whether the machine's libjpeg gives the bytes that are specified
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Noise of 19x21 pixels, 4:2:0: another inverse transform, another way to spread chroma, or another
 * libjpeg (IJG 7 and later) makes other pixels of it.  When it is loud, so that values leave the
 * range by far, the code for other processors and that in C do.
 */
#include <string.h>

#include "base/hash.h"
#include "base/picture/decoding.h"
#include "base/status.h"

#define HEIGHT 19
#define WIDTH  21

/* XXH3-64 of the pixels, as Pillow 13.0.0 and TensorFlow 2.21.0 (FAST) decode it. */
#define PIXELS    0x77f036c39af41e8a
#define LOUD      0xde618dca0e5bc92f
#define FAST      0x57545d6e1f286c3b
#define FAST_LOUD 0xb1479a4909fe5b5b

static const size_t tables[] = {7, 76}; /* the places of its quantization */

static const uint8_t noise[] = {
    255, 216, 255, 219, 0,   67,  0,   8,   6,   6,   7,   6,   5,   8,   7,   7,   7,   9,   9,
    8,   10,  12,  20,  13,  12,  11,  11,  12,  25,  18,  19,  15,  20,  29,  26,  31,  30,  29,
    26,  28,  28,  32,  36,  46,  39,  32,  34,  44,  35,  28,  28,  40,  55,  41,  44,  48,  49,
    52,  52,  52,  31,  39,  57,  61,  56,  50,  60,  46,  51,  52,  50,  255, 219, 0,   67,  1,
    9,   9,   9,   12,  11,  12,  24,  13,  13,  24,  50,  33,  28,  33,  50,  50,  50,  50,  50,
    50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,
    50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,  50,
    50,  50,  50,  50,  50,  50,  50,  255, 192, 0,   17,  8,   0,   19,  0,   21,  3,   1,   34,
    0,   2,   17,  1,   3,   17,  1,   255, 196, 0,   24,  0,   1,   1,   1,   1,   1,   0,   0,
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   3,   4,   5,   6,   255, 196, 0,   42,  16,
    0,   0,   4,   5,   3,   3,   3,   5,   0,   0,   0,   0,   0,   0,   0,   0,   1,   2,   4,
    17,  0,   3,   5,   18,  19,  33,  34,  49,  6,   20,  97,  21,  35,  66,  50,  81,  82,  113,
    161, 255, 196, 0,   24,  1,   0,   3,   1,   1,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    0,   0,   0,   3,   4,   5,   0,   2,   255, 196, 0,   45,  17,  0,   2,   1,   2,   4,   3,
    5,   9,   0,   0,   0,   0,   0,   0,   0,   0,   1,   2,   17,  3,   33,  0,   18,  49,  65,
    4,   19,  81,  5,   6,   34,  129, 145, 20,  35,  50,  66,  97,  113, 146, 161, 177, 255, 218,
    0,   12,  3,   1,   0,   2,   17,  3,   17,  0,   63,  0,   237, 78,  169, 140, 154, 154, 25,
    170, 131, 181, 81,  55,  39,  167, 151, 235, 196, 197, 105, 156, 3,   25,  195, 242, 225, 244,
    143, 54,  169, 34,  196, 157, 43,  62,  172, 37,  184, 193, 110, 73,  206, 1,   243, 180, 54,
    255, 0,   56,  141, 74,  169, 243, 133, 50,  217, 137, 107, 119, 164, 157, 143, 186, 168, 118,
    128, 28,  14,  207, 108, 69,  249, 114, 233, 251, 24,  141, 33,  82,  62,  155, 166, 35,  169,
    76,  170, 186, 210, 223, 129, 55,  110, 59,  28,  194, 83,  110, 212, 5,   192, 207, 168, 71,
    15,  68,  34,  183, 44,  152, 36,  72,  221, 164, 18,  65,  36,  218, 96,  196, 146, 126, 98,
    165, 96,  19,  81,  127, 103, 92,  165, 205, 188, 75,  148, 72,  128, 44,  54,  111, 136, 232,
    192, 130, 68,  229, 59,  86,  150, 146, 169, 84,  72,  83,  79,  217, 48,  156, 169, 218, 57,
    220, 71,  226, 13,  109, 172, 222, 97,  21,  162, 140, 229, 148, 217, 106, 169, 180, 230, 75,
    49,  236, 73,  156, 61,  134, 17,  1,   222, 109, 77,  112, 128, 143, 142, 33,  12,  209, 227,
    105, 34,  5,   49,  248, 102, 253, 197, 207, 93,  167, 75,  97,  68,  171, 74,  130, 138, 109,
    204, 27,  194, 52,  40,  6,   224, 9,   112, 116, 63,  105, 208, 145, 4,   226, 170, 84,  149,
    210, 250, 106, 153, 217, 206, 197, 143, 45,  155, 64,  204, 231, 7,   228, 7,   238, 49,  215,
    234, 9,   211, 10,  145, 2,   128, 51,  77,  54,  71,  51,  121, 0,   132, 32,  28,  65,  41,
    66,  18,  222, 246, 168, 183, 76,  224, 71,  161, 35,  207, 27,  180, 128, 231, 241, 45,  186,
    233, 244, 240, 157, 58,  121, 98,  253, 46,  166, 114, 181, 117, 18,  207, 61,  225, 47,  21,
    186, 0,   51,  129, 159, 136, 66,  17,  26,  189, 10,  70,  163, 74,  143, 65,  136, 189, 229,
    173, 82,  143, 105, 58,  82,  98,  163, 42,  88,  24,  23,  166, 167, 251, 143, 255, 217};

/* The hash of what this library's decoder makes of it; with quantization by 255 it is loud. */
static dp_status hash_of(int32_t decoder, bool loud, dp_picture_room *room, uint64_t *hash,
                         dp_error *err)
{
    static const dp_picture_head head = {HEIGHT, WIDTH, 1};
    static const dp_picture_part whole = {0, 0, HEIGHT, WIDTH};
    const dp_picture_how how = {3, decoder, DP_TURN_IGNORE, true, DP_EDGES_EXACT};
    uint8_t bytes[sizeof noise], pixels[HEIGHT * WIDTH * 3];
    const dp_encoded from = {"the canary", bytes, sizeof bytes, NULL, 0, 0};
    dp_status status;

    memcpy(bytes, noise, sizeof bytes);
    for (int i = 0; i < 2 && loud; i++)
        memset(bytes + tables[i], 255, 64);
    status = dp_picture_decode(&from, &how, &head, &whole, room, pixels, err);
    dp_picture_room_empty(room);
    *hash = dp_hash64(pixels, sizeof pixels);
    return status;
}

dp_status dp_picture_ready(dp_picture_how *how, const dp_arena *like, dp_error *err)
{
    const bool fast = dp_rules_of(how)->fast;
    const int32_t decoder = fast ? how->decoder : DP_AS_MINDSPORE;
    uint64_t soft = 0, loud = 0;
    dp_picture_room room;
    dp_status status = dp_picture_room_open(&room, like, HEIGHT, WIDTH, err);

    if (status == DP_OK)
        status = hash_of(decoder, false, &room, &soft, err);
    if (status == DP_OK)
        status = hash_of(decoder, true, &room, &loud, err);
    dp_picture_room_close(&room);
    if (status != DP_OK)
        return status;
    how->saturates = loud == (fast ? FAST_LOUD : LOUD);
    if (soft == (fast ? FAST : PIXELS) && (how->saturates || !fast))
        return DP_OK;
    return fast ? dp_fail(err, DP_ESTATE,
                          "decoder=%s needs the SIMD code of libjpeg-turbo for x86, which this "
                          "machine's libjpeg does not have",
                          dp_rules_of(how)->name)
                : dp_fail(err, DP_ESTATE,
                          "this machine's libjpeg decodes to other bytes than libjpeg-turbo: "
                          "detpipe needs libjpeg-turbo");
}
