# The image of every role, for everybody who has a container builder; `make image` builds the same layers without one (image/build.sh).
# The build runs mmdebstrap without CAP_SYS_ADMIN. Other architectures: docker build --platform linux/arm64 .
FROM node:24-bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends binutils ca-certificates make mmdebstrap
WORKDIR /src
COPY image/packages image/trim.sh image/rootfs.sh image/
RUN SOURCE_DATE_EPOCH=0 image/rootfs.sh /rootfs.tar && mkdir /base && tar -C /base -xf /rootfs.tar
COPY package.json package-lock.json .npmrc ./
COPY image/modules.sh image/
RUN image/modules.sh /modules
COPY . .
RUN make build && image/app.sh /app

FROM scratch
COPY --from=build /base/ /
COPY --from=build /modules/ /
COPY --from=build /app/ /
ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /opt/caskade
USER 10001:10001
ENTRYPOINT ["caskade"]
LABEL org.opencontainers.image.title=caskade org.opencontainers.image.licenses=Apache-2.0
