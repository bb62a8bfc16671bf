// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHCrypto
import SSHProtocol

extension SSHSession {
    /// Tells the user, if `WarnWeakCrypto` wants it, that what is sent now could be read by whoever
    /// records it and has a quantum computer one day.
    func warnOfWeakCrypto() {
        guard context.options.warnWeakCrypto,
            let method = connection.negotiatedAlgorithms?.keyExchange, !method.isPostQuantum
        else { return }
        context.show(
            """
            WARNING: the connection to \(endpoint) does not use a post-quantum key exchange algorithm, \
            but \(method.rawValue).
            Whoever records it may be able to decrypt it later. The server may need to be upgraded.
            """, level: .info)
    }
}
