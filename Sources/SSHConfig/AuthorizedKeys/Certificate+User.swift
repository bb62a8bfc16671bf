// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
import Wire

extension Certificate {
    /// The critical options that a user's certificate can have and that are heeded here (OpenSSH's
    /// PROTOCOL.certkeys).
    private enum CriticalOption: String {
        case forceCommand = "force-command"
        case sourceAddress = "source-address"
    }

    /// Why it does not let a client in as one of `principals`; nil where it does.
    ///
    /// One without principals is for nobody, as sshd has it by `TrustedUserCAKeys`.
    func refusal(
        of client: AuthorizedKeyOptions.Client, as principals: [String]
    ) -> AuthorizedKeyOptions.Refusal? {
        let fault = faultAsUser(
            at: client.seconds, signatureAlgorithms: SignatureAlgorithm.standard,
            isName: principals.contains)
        if let fault { return .certificate(fault) }
        for option in criticalOptions {
            if let refusal = refusal(by: option, of: client) { return refusal }
        }
        return nil
    }

    private func refusal(
        by option: Option, of client: AuthorizedKeyOptions.Client
    ) -> AuthorizedKeyOptions.Refusal? {
        var reader = WireReader(option.data[...])
        guard let known = CriticalOption(rawValue: option.name),
            let bytes = try? reader.readString(limit: ConfigurationLimits.certificateOptionBytes),
            reader.isAtEnd
        else { return .certificate(.criticalOptions) }
        let value = String(decoding: bytes, as: UTF8.self)
        switch known {
        case .forceCommand: return value == AuthorizedKeyOptions.ownCommand ? nil : .command
        case .sourceAddress:
            let ranges = value.split(separator: ",").map { AddressRange(String($0)) }
            // One that is not understood is for nobody, as with sshd.
            let isInside = ranges.contains { $0?.contains(client.address) == true }
            return isInside && !ranges.contains { $0 == nil } ? nil : .address
        }
    }
}
