# SPDX-License-Identifier: Apache-2.0
add_fuzzer(sip_msg sip)
add_fuzzer(sdp sip)
