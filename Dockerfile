# The browser demo, on a CPU by default. Build: docker build -t clipvad .   Run: docker run -p 7860:7860 clipvad
# For a GPU: docker build --build-arg TORCH_INDEX=https://download.pytorch.org/whl/cu128 -t clipvad:gpu .
FROM python:3.12-slim

RUN apt-get update \
 && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 1000 clipvad

USER clipvad
WORKDIR /home/clipvad/app
ENV PATH=/home/clipvad/.local/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    CLIPVAD_CACHE_DIR=/home/clipvad/cache \
    CLIPVAD_MODELS_DIR=/home/clipvad/models

# CPU wheels of torch and torchvision come as a matching pair from PyTorch's own index and are a tenth of the size.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install --no-cache-dir --user torch torchvision --index-url $TORCH_INDEX
COPY --chown=clipvad requirements.txt .
RUN pip install --no-cache-dir --user -r requirements.txt
COPY --chown=clipvad . .
RUN pip install --no-cache-dir --user --no-deps --editable .

EXPOSE 7860
VOLUME ["/home/clipvad/cache", "/home/clipvad/models"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=4)"
CMD ["python", "app.py"]
