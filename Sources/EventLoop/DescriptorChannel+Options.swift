// SPDX-License-Identifier: Apache-2.0

import CLinux

extension DescriptorChannel {
    /// Sets the type-of-service byte of a TCP connection; without effect on anything else.
    public func setTypeOfService(_ value: UInt8) {
        guard let socket = input?.rawValue else { return }
        _ = clinux_set_type_of_service(
            socket, clinux_socket_family(socket), CInt(value))
    }
}
