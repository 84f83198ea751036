# SPDX-License-Identifier: Apache-2.0
add_fuzzer(mikey_msg mikey)
add_fuzzer(mikey_chain mikey)
