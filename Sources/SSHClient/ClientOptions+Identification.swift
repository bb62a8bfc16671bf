// SPDX-License-Identifier: Apache-2.0

import SSHConfig
import SSHProtocol

extension ClientOptions {
    /// What servers see behind our name (`VersionAddendum`).
    ///
    /// - Throws: where it would break the line that it stands in.
    func identificationComments() throws(SSHConfigError) -> String? {
        guard let versionAddendum else { return nil }
        guard SSHClientConfiguration.canStand(inIdentification: versionAddendum) else {
            throw SSHConfigError(
                .invalidValue, at: nil, keyword: "VersionAddendum",
                "it has to be printable US-ASCII of at most 200 characters")
        }
        return versionAddendum
    }
}
