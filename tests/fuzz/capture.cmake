# SPDX-License-Identifier: Apache-2.0
add_fuzzer(capture capture)
add_fuzzer(keylog capture)
