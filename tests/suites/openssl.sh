# SPDX-License-Identifier: Apache-2.0
#
# For tests/suites.sh: OpenSSL's own checks of itself, and what it computes, as far as it is the same each time.
set -u
printf 'the quick brown fox %.0s' $(seq 2000) >plain
for digest in $(openssl list -digest-commands); do
	printf '%s ' "$digest"
	openssl dgst "-$digest" plain 2>&1 | sed 's/^[0-9A-F]*:error/error/'
done
for cipher in aes-128-cbc aes-256-ctr aria-192-cfb camellia-256-cbc chacha20 des-ede3-cbc; do
	openssl enc "-$cipher" -pbkdf2 -S 0123456789abcdef -pass pass:seep -in plain -out "$cipher.out" 2>&1
	openssl dgst -sha256 "$cipher.out"
	openssl enc -d "-$cipher" -pbkdf2 -S 0123456789abcdef -pass pass:seep -in "$cipher.out" 2>&1 | cmp - plain && echo "$cipher: there and back"
done
for algorithm in "RSA -pkeyopt rsa_keygen_bits:2048" "EC -pkeyopt ec_paramgen_curve:P-256" ED25519 X25519; do
	# shellcheck disable=SC2086 # options
	openssl genpkey -algorithm $algorithm -out key.pem 2>/dev/null
	openssl pkey -in key.pem -check -noout 2>&1
	openssl pkey -in key.pem -pubout -out public.pem
	case $algorithm in X*) continue ;; ED*) raw=-rawin ;; *) raw= ;; esac
	openssl dgst -sha256 -binary plain >digest
	# shellcheck disable=SC2086 # an option, or none
	openssl pkeyutl -sign -inkey key.pem -in digest $raw -out signature && openssl pkeyutl -verify -pubin -inkey public.pem -in digest $raw -sigfile signature
	openssl req -x509 -key key.pem -subj /CN=seep -days 2 -out certificate.pem 2>&1
	openssl verify -CAfile certificate.pem certificate.pem 2>&1
done
for number in 2 91 1000003 170141183460469231731687303715884105727 170141183460469231731687303715884105729; do openssl prime $number; done
openssl pkeyutl -in nowhere 2>&1 | sed 's/^[0-9A-F]*:error/error/'
