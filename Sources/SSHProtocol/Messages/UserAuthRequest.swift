// SPDX-License-Identifier: Apache-2.0

import SSHCrypto
package import Wire

/// SSH_MSG_USERAUTH_REQUEST (RFC 4252 section 5).
package struct UserAuthRequest: SSHMessage {
    package static let number = MessageNumber.userAuthRequest
    package var user: String
    package var service: String
    package var method: Method

    /// The method by which the user is to be authenticated, with the fields that it adds.
    package enum Method: Equatable, Sendable {
        /// Asks which methods there are (RFC 4252 section 5.2).
        case none
        /// RFC 4252 section 7, and OpenSSH's host-bound form.
        case publicKey(PublicKey)
        /// RFC 4252 section 8.
        case password(Bytes)
        /// A change of password, RFC 4252 section 8.
        case passwordChange(old: Bytes, new: Bytes)
        /// RFC 4256 section 3.1; `submethods` is a hint of the user's.
        case keyboardInteractive(submethods: String)
        /// A method that we don't know.
        case other(name: String)
    }

    /// The fields of a `publickey` request.
    package struct PublicKey: Equatable, Sendable {
        package var algorithm: String
        package var blob: Bytes
        /// The host key of the first key exchange: present makes this a request of
        /// `publickey-hostbound-v00@openssh.com`.
        package var hostKey: Bytes?
        /// The signature, or nil for the question whether this key would do.
        package var signature: Bytes?

        package init(
            algorithm: String, blob: Bytes, hostKey: Bytes? = nil, signature: Bytes? = nil
        ) {
            self.algorithm = algorithm
            self.blob = blob
            self.hostKey = hostKey
            self.signature = signature
        }
    }

    package init(user: String, service: String = ServiceName.connection, method: Method) {
        self.user = user
        self.service = service
        self.method = method
    }

    package init(from reader: inout WireReader) throws(WireError) {
        user = try reader.readUTF8String(limit: SSHLimits.userNameBytes)
        service = try reader.readUTF8String(limit: SSHLimits.nameBytes)
        let name = try reader.readUTF8String(limit: SSHLimits.nameBytes)
        switch name {
        case MethodName.none:
            method = .none
        case MethodName.publicKey:
            method = .publicKey(try PublicKey(from: &reader, isHostBound: false))
        case MethodName.hostBoundPublicKey:
            method = .publicKey(try PublicKey(from: &reader, isHostBound: true))
        case MethodName.password:
            let isChange = try reader.readBool()
            let password = try reader.readString(limit: SSHLimits.passwordBytes)
            method =
                isChange
                ? .passwordChange(
                    old: password, new: try reader.readString(limit: SSHLimits.passwordBytes))
                : .password(password)
        case MethodName.keyboardInteractive:
            _ = try reader.readString()  // The language tag, which RFC 4256 deprecates.
            method = .keyboardInteractive(submethods: try reader.readUTF8String())
        default:
            method = .other(name: name)
            _ = reader.readRemaining()
        }
    }

    package func write(to writer: inout WireWriter) {
        writer.writeString(user)
        writer.writeString(service)
        writer.writeString(method.name)
        switch method {
        case .none, .other: break
        case .publicKey(let key): key.write(to: &writer)
        case .password(let password):
            writer.write(false)
            writer.writeString(password)
        case .passwordChange(let old, let new):
            writer.write(true)
            writer.writeString(old)
            writer.writeString(new)
        case .keyboardInteractive(let submethods):
            writer.writeString("")
            writer.writeString(submethods)
        }
    }
}

extension UserAuthRequest.Method {
    /// The method's name on the wire.
    package var name: String {
        switch self {
        case .none: MethodName.none
        case .publicKey(let key):
            key.hostKey == nil ? MethodName.publicKey : MethodName.hostBoundPublicKey
        case .password, .passwordChange: MethodName.password
        case .keyboardInteractive: MethodName.keyboardInteractive
        case .other(let name): name
        }
    }
}

extension UserAuthRequest.PublicKey {
    fileprivate init(from reader: inout WireReader, isHostBound: Bool) throws(WireError) {
        let isSigned = try reader.readBool()
        algorithm = try reader.readUTF8String(limit: SSHLimits.nameBytes)
        blob = try reader.readString(limit: SSHLimits.publicKeyBytes)
        hostKey = isHostBound ? try reader.readString(limit: SSHLimits.publicKeyBytes) : nil
        signature = isSigned ? try reader.readString(limit: SSHLimits.signatureBytes) : nil
    }

    fileprivate func write(to writer: inout WireWriter) {
        writer.write(signature != nil)
        writer.writeString(algorithm)
        writer.writeString(blob)
        if let hostKey { writer.writeString(hostKey) }
        if let signature { writer.writeString(signature) }
    }
}

extension UserAuthRequest {
    /// What a `publickey` signature covers: the session identifier and the request as it would be
    /// sent, up to the signature (RFC 4252 section 7).
    package static func signedData(
        sessionID: Bytes, user: String, service: String, key: PublicKey
    ) -> [UInt8] {
        var writer = WireWriter(capacity: 256 + key.blob.count)
        writer.writeString(sessionID)
        writer.write(number.rawValue)
        writer.writeString(user)
        writer.writeString(service)
        writer.writeString(Method.publicKey(key).name)
        writer.write(true)
        writer.writeString(key.algorithm)
        writer.writeString(key.blob)
        if let hostKey = key.hostKey { writer.writeString(hostKey) }
        return writer.bytes
    }
}

extension UserAuthRequest {
    /// Writes a whole payload with passwords that must not be copied.
    static func write(
        user: String, password: Secret, new: Secret?, to writer: inout WireWriter
    ) {
        writer.write(number.rawValue)
        writer.writeString(user)
        writer.writeString(ServiceName.connection)
        writer.writeString(MethodName.password)
        writer.write(new != nil)
        password.withSpan { writer.writeString($0) }
        if let new { new.withSpan { writer.writeString($0) } }
    }
}

/// The names of the authentication methods.
package enum MethodName {
    package static let none = "none"
    package static let publicKey = "publickey"
    package static let hostBoundPublicKey = "publickey-hostbound-v00@openssh.com"
    package static let password = "password"
    package static let keyboardInteractive = "keyboard-interactive"
}

/// The names of the services (RFC 4250 section 4.7).
package enum ServiceName {
    package static let userAuth = "ssh-userauth"
    package static let connection = "ssh-connection"
}
